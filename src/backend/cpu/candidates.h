// The ordered lists of the processor's kernels, per operator; `ref` is last in each.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "backend/backend.h"

namespace orthrus::cpu {

// Elements per task of an element-wise loop.
inline constexpr int64_t kChunk = 16384;

[[nodiscard]] std::span<const KernelCandidate> cpu_candidates(const Op& op);

MakeKernel make_activation;
MakeKernel make_add;
MakeKernel make_batch_norm;
MakeKernel make_concat;
MakeKernel make_convolution_measured;  // the faster of the next two, for each direction
MakeKernel make_convolution_winograd;  // 3x3, stride 1, float32
MakeKernel make_convolution_direct;    // in the type and layout of the backend's activations
MakeKernel make_convolution_blocked;   // float32 in channel blocks
MakeKernel make_convolution_product;   // 1x1, bf16 with AMX: gradients by matrix products
MakeKernel make_convolution_plain;     // whatever oneDNN picks for row-major activations
MakeKernel make_dropout;
MakeKernel make_fully_connected;
MakeKernel make_leaky_relu;
MakeKernel make_pooling;

}  // namespace orthrus::cpu
