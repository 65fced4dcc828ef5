// What a build without CUDA says of GPUs.
#ifndef ORTHRUS_CUDA

#include "backend/backend.h"
#include "base/error.h"

namespace orthrus {
namespace {

constexpr const char* kProblem = "this build has no GPU backend";

Error refusal() {
  return usage_error("{}", kProblem)
      .with_hint("build it where nvcc, cuDNN and cuBLAS are installed (docs/gpu.md)");
}

}  // namespace

std::unique_ptr<Backend> make_cuda_backend(const CudaOptions&) {
  throw refusal();
}

GpuPeak measure_gpu_peak(const CudaOptions&) {
  throw refusal();
}

CudaState cuda_state() {
  return {.built = false, .gpus = {}, .libraries = {}, .problem = kProblem};
}

}  // namespace orthrus

#endif
