// Which of oneDNN's convolutions compute a node: one primitive description per direction.
#pragma once

#include "backend/cpu/cpu_backend.h"

namespace orthrus::cpu {

struct ConvolutionDirections {
  dnnl::convolution_forward::primitive_desc forward;
  dnnl::convolution_backward_data::primitive_desc data;        // empty where not wanted
  dnnl::convolution_backward_weights::primitive_desc weights;  // empty where not wanted
};

// For activations arranged as `src` and `dst`, both float32 or both bf16; the gradients of weights
// and bias are float32 in either case. With `winograd` each direction takes that algorithm where it
// exists; forward must. Where oneDNN has plain loops alone for the gradient of the data, the
// row-major kernel takes its place, with other layouts than `src` and `dst`.
[[nodiscard]] Refusal choose_convolution(CpuBackend& backend, const KernelRequest& request,
                                         const dnnl::memory::desc& src,
                                         const dnnl::memory::desc& dst, bool winograd,
                                         ConvolutionDirections& chosen);

}  // namespace orthrus::cpu
