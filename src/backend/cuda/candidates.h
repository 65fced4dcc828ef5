// The ordered lists of the GPU's kernels, per operator. There is no `ref` among them: it works in
// the processor's memory.
#pragma once

#include <span>

#include "backend/backend.h"

namespace orthrus::cuda {

[[nodiscard]] std::span<const KernelCandidate> cuda_candidates(const Op& op);

MakeKernel make_activation;
MakeKernel make_add;
MakeKernel make_batch_norm;
MakeKernel make_concat;
MakeKernel make_convolution_cudnn;  // channels last; every group of channels a multiple of 8, or
                                    // one group
MakeKernel make_convolution_plain;  // own loops on plain float32, for whatever else there is
MakeKernel make_dropout;
MakeKernel make_flatten;
MakeKernel make_fully_connected;
MakeKernel make_leaky_relu;
MakeKernel make_logistic_output;
MakeKernel make_pooling;
MakeKernel make_softmax_output;

}  // namespace orthrus::cuda
