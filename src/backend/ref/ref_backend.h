// The reference backend's kernels for other backends, which list them last. What is made by
// make_ref_backend() (backend/backend.h) uses the same table.
#pragma once

#include <memory>
#include <span>

#include "backend/backend.h"

namespace orthrus {

// The reference kernels of an operator (one today; none for a Variable). They take float32 or, with
// make_ref_backend(DType::kF64), float64 in plain layout, whatever backend they are made by.
[[nodiscard]] std::span<const KernelCandidate> ref_candidates(const Op& op);

// One function per operator, each in the file of the operator's name.
MakeKernel make_ref_activation;
MakeKernel make_ref_add;
MakeKernel make_ref_batch_norm;
MakeKernel make_ref_concat;
MakeKernel make_ref_convolution;
MakeKernel make_ref_dropout;
MakeKernel make_ref_flatten;
MakeKernel make_ref_fully_connected;
MakeKernel make_ref_leaky_relu;
MakeKernel make_ref_pooling;
MakeKernel make_ref_softmax_output;
MakeKernel make_ref_logistic_output;

// Copies a plain buffer of f32 or f64 into a plain buffer of f32 or f64 (throws kInternal
// otherwise).
[[nodiscard]] std::unique_ptr<Reorder> make_plain_reorder(const BufferDesc& from,
                                                          const BufferDesc& to);

}  // namespace orthrus
