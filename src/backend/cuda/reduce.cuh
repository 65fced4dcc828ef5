// Sums over a block's threads, in a fixed order.
#pragma once

namespace orthrus::cuda {

// The sum of every thread's value, on all of them; kThreads is the size of the block, a power of 2.
template <int kThreads, typename T>
__device__ T block_sum(T value) {
  __shared__ T shared[kThreads];
  __syncthreads();  // an earlier sum may still be read
  shared[threadIdx.x] = value;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) shared[threadIdx.x] += shared[threadIdx.x + half];
  }
  __syncthreads();
  return shared[0];
}

template <int kThreads>
__device__ float block_max(float value) {
  __shared__ float shared[kThreads];
  __syncthreads();
  shared[threadIdx.x] = value;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) {
      shared[threadIdx.x] = fmaxf(shared[threadIdx.x], shared[threadIdx.x + half]);
    }
  }
  __syncthreads();
  return shared[0];
}

}  // namespace orthrus::cuda
