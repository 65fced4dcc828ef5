#include "backend/cpu/vector_kernels.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace orthrus::cpu {

const VectorKernels& vector_kernels() {
  // oneDNN's own limit (ONEDNN_MAX_CPU_ISA) holds here too, so that one switch tests every path.
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto has = [isa](dnnl::cpu_isa wanted) {
    const auto bits = static_cast<unsigned>(wanted);
    return (isa & bits) == bits;
  };
  if (has(dnnl::cpu_isa::avx512_core_bf16)) return kVectorKernelsAvx512Bf16;
  if (has(dnnl::cpu_isa::avx512_core)) return kVectorKernelsAvx512;
  if (has(dnnl::cpu_isa::avx2)) return kVectorKernelsAvx2;
  return kVectorKernelsBaseline;
}

}  // namespace orthrus::cpu
