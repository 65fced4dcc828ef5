// What stands around cuDNN's convolutions, channels last: bias, residual and ReLU where cuDNN does
// not take them along, and the bias's gradient.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace orthrus::cuda {

// Rows of `padded` channels, of which `channels` have a bias.
struct ChannelRows {
  DType dtype = DType::kF32;
  int64_t rows = 0;
  int padded = 0;
  int channels = 0;
};

// y = [relu](y [+ bias] [+ residual]); bias and residual may be null.
void launch_epilogue(cudaStream_t stream, const ChannelRows& shape, std::byte* y, const float* bias,
                     const std::byte* residual, bool relu);
// sums[c] of dy over the rows, for the real channels.
void launch_channel_sums(cudaStream_t stream, const ChannelRows& shape, const std::byte* dy,
                         float* sums);

}  // namespace orthrus::cuda
