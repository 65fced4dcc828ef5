// The passes of BatchNorm over a matrix of `rows` x `channels` elements, channels last: what
// batch_norm.cc launches. All take padded channels; `real_channels` of them have parameters, the
// others stay zero.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace orthrus::cuda {

struct NormMatrix {
  int64_t rows = 0;
  int channels = 0;  // a multiple of 8, or any number with scalar access
  int real_channels = 0;
  DType dtype = DType::kF32;
  int sums = 1;  // rows of partial sums: blocks of the passes that add up

  [[nodiscard]] bool vectors() const { return channels % 8 == 0; }
  [[nodiscard]] int64_t mask_bytes() const { return rows * channels / (vectors() ? 8 : 1); }
  // Two arrays of partial sums, and two of numbers per channel.
  [[nodiscard]] size_t scratch_bytes() const {
    return (2 * static_cast<size_t>(sums) + 2) * static_cast<size_t>(channels) * sizeof(float);
  }
};

// With the number of partial sums that suits the size.
[[nodiscard]] NormMatrix norm_matrix(int64_t rows, int channels, int real_channels, DType dtype,
                                     int multiprocessors);

struct NormParameters {
  float* gamma = nullptr;  // written where fix_gamma holds in training
  const float* beta = nullptr;
  float* moving_mean = nullptr;
  float* moving_variance = nullptr;
  bool fix_gamma = false;
  bool training = false;
  double eps = 0;
  double momentum = 0;  // the share that is kept
};

// `statistics`: mean by channel, then 1 / standard deviation.
void launch_batch_statistics(cudaStream_t stream, const NormMatrix& matrix,
                             const NormParameters& parameters, const std::byte* x, float* scratch,
                             float* statistics);
void launch_running_statistics(cudaStream_t stream, const NormMatrix& matrix,
                               const NormParameters& parameters, float* statistics);

// y = [relu](gamma (x - mean) / deviation + beta [+ residual]); `mask` gets a bit (or byte, without
// vectors) per element that is over zero; residual and mask may be null.
void launch_normalise(cudaStream_t stream, const NormMatrix& matrix,
                      const NormParameters& parameters, const float* statistics, bool relu,
                      const std::byte* x, const std::byte* residual, std::byte* y, uint8_t* mask);

// How the ReLU's mask is known in backward.
enum class NormMask { kNone, kBits, kRecomputed };

struct NormGradient {
  NormMask mask = NormMask::kNone;
  const uint8_t* bits = nullptr;
  const std::byte* dy = nullptr;
  const std::byte* dy2 = nullptr;  // a second addend, or null
  const std::byte* x = nullptr;
  const float* statistics = nullptr;
};

// The sums over g, the masked gradient, and over g (x - mean); d beta and d gamma where they are
// not null; the factors of x and 1 in dx, into the scratch. `masked`, where not null, gets g.
void launch_gradient_sums(cudaStream_t stream, const NormMatrix& matrix,
                          const NormParameters& parameters, const NormGradient& gradient,
                          bool batch_statistics, std::byte* masked, float* scratch, float* d_gamma,
                          float* d_beta);
// dx = gamma / deviation g + k1 x + k0 [+ addend].
void launch_gradient_apply(cudaStream_t stream, const NormMatrix& matrix,
                           const NormParameters& parameters, const NormGradient& gradient,
                           const float* scratch, const std::byte* addend, std::byte* dx);

}  // namespace orthrus::cuda
