#include "backend/cuda/convolution_kernels.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/reduce.cuh"
#include "backend/cuda/vector_types.cuh"

namespace orthrus::cuda {
namespace {

template <typename T>
__global__ void finish_convolution(T* y, const float* bias, const T* residual, bool relu,
                                   int columns, int channels, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const int first = static_cast<int>(i % columns) * kVector;
    float values[kVector], added[kVector] = {};
    load8(y + i * kVector, values);
    if (residual != nullptr) load8(residual + i * kVector, added);
#pragma unroll
    for (int k = 0; k < kVector; ++k) {
      values[k] += added[k];
      if (bias != nullptr && first + k < channels) values[k] += bias[first + k];
      if (relu && values[k] < 0) values[k] = 0;
    }
    store8(y + i * kVector, values);
  }
}

// A block per vector of channels.
template <typename T>
__global__ void sum_channels(const T* dy, int64_t rows, int padded, int channels, float* sums) {
  const int first = static_cast<int>(blockIdx.x) * kVector;
  float sum[kVector] = {};
  for (int64_t row = threadIdx.x; row < rows; row += kThreads) {
    float values[kVector];
    load8(dy + row * padded + first, values);
#pragma unroll
    for (int k = 0; k < kVector; ++k) sum[k] += values[k];
  }
  for (int k = 0; k < kVector; ++k) {
    const double total = block_sum<kThreads>(static_cast<double>(sum[k]));
    if (threadIdx.x == 0 && first + k < channels) sums[first + k] = static_cast<float>(total);
  }
}

template <typename T>
void finish(cudaStream_t stream, const ChannelRows& shape, std::byte* y, const float* bias,
            const std::byte* residual, bool relu) {
  const int columns = shape.padded / kVector;
  const int64_t count = shape.rows * columns;
  finish_convolution<<<blocks_for(count), kThreads, 0, stream>>>(
      reinterpret_cast<T*>(y), bias, reinterpret_cast<const T*>(residual), relu, columns,
      shape.channels, count);
  check(cudaGetLastError(), "finish_convolution");
}

template <typename T>
void sum(cudaStream_t stream, const ChannelRows& shape, const std::byte* dy, float* sums) {
  sum_channels<<<static_cast<unsigned>(shape.padded / kVector), kThreads, 0, stream>>>(
      reinterpret_cast<const T*>(dy), shape.rows, shape.padded, shape.channels, sums);
  check(cudaGetLastError(), "sum_channels");
}

}  // namespace

void launch_epilogue(cudaStream_t stream, const ChannelRows& shape, std::byte* y, const float* bias,
                     const std::byte* residual, bool relu) {
  const auto launch = shape.dtype == DType::kBF16 ? finish<__nv_bfloat16> : finish<float>;
  launch(stream, shape, y, bias, residual, relu);
}

void launch_channel_sums(cudaStream_t stream, const ChannelRows& shape, const std::byte* dy,
                         float* sums) {
  const auto launch = shape.dtype == DType::kBF16 ? sum<__nv_bfloat16> : sum<float>;
  launch(stream, shape, dy, sums);
}

}  // namespace orthrus::cuda
