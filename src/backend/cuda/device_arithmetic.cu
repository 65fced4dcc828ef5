#include "backend/cuda/cuda_check.h"
#include "backend/cuda/device_arithmetic.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/reduce.cuh"
#include "backend/cuda/vector_types.cuh"

namespace orthrus::cuda {
namespace {

__global__ void set_context(StepContext context, StepContext* to) {
  *to = context;
}

// One element by backend/update_rules.cc.
template <UpdateRule kRule>
__device__ void update_element(const UpdateNumbers& n, float gradient, float& first, float& second,
                               float& weight) {
  float g = n.rescale * gradient;
  // Not by fminf and fmaxf, which would make a number of NaN.
  if (n.clip > 0) g = g < -n.clip ? -n.clip : (g > n.clip ? n.clip : g);
  if constexpr (kRule == UpdateRule::kAdamW) {
    const float keep = 1 - n.learning_rate * n.weight_decay;
    first = n.beta1 * first + (1 - n.beta1) * g;
    second = n.beta2 * second + (1 - n.beta2) * g * g;
    weight = keep * weight - n.learning_rate / n.correction1 * first /
                                 (sqrtf(second) / sqrtf(n.correction2) + n.epsilon);
  } else {
    g += n.weight_decay * weight;
    first = n.momentum * first - n.learning_rate * g;
    if constexpr (kRule == UpdateRule::kSgd) {
      weight += first;
    } else {
      weight += n.momentum * first - n.learning_rate * g;
    }
  }
}

template <UpdateRule kRule>
__global__ void update(const UpdateNumbers* numbers, const float* gradient, float* first,
                       float* second, float* weight, int64_t count) {
  constexpr bool kHasSecond = kRule == UpdateRule::kAdamW;
  const UpdateNumbers n = *numbers;
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t vectors = count / 4;  // arrays begin at multiples of 64 bytes
  for (int64_t i = thread; i < vectors; i += step) {
    const float4 g = reinterpret_cast<const float4*>(gradient)[i];
    float4 m = reinterpret_cast<float4*>(first)[i];
    float4 v = kHasSecond ? reinterpret_cast<float4*>(second)[i] : m;
    float4 w = reinterpret_cast<float4*>(weight)[i];
    update_element<kRule>(n, g.x, m.x, v.x, w.x);
    update_element<kRule>(n, g.y, m.y, v.y, w.y);
    update_element<kRule>(n, g.z, m.z, v.z, w.z);
    update_element<kRule>(n, g.w, m.w, v.w, w.w);
    reinterpret_cast<float4*>(first)[i] = m;
    if constexpr (kHasSecond) reinterpret_cast<float4*>(second)[i] = v;
    reinterpret_cast<float4*>(weight)[i] = w;
  }
  for (int64_t i = vectors * 4 + thread; i < count; i += step) {
    float v = kHasSecond ? second[i] : 0;
    update_element<kRule>(n, gradient[i], first[i], v, weight[i]);
    if constexpr (kHasSecond) second[i] = v;
  }
}

__global__ void add_scaled(float factor, const float* values, float* sum, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) sum[i] += factor * values[i];
}

__global__ void average(float decay, const float* weight, float* kept, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) kept[i] = decay * kept[i] + (1 - decay) * weight[i];
}

struct Square {
  template <typename T>
  __device__ double operator()(T value) const {
    const double wide = widened(value);
    return wide * wide;
  }
};
struct NonFinite {
  template <typename T>
  __device__ double operator()(T value) const {
    return isfinite(widened(value)) ? 0 : 1;
  }
};

template <typename T, typename Term>
__global__ void sum_terms(const T* values, int64_t count, Term term, double* partial) {
  double sum = 0;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kThreads;
  int64_t i = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  for (; i < count; i += step) sum += term(values[i]);
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

__global__ void sum_partial(double* partial) {
  static_assert(kReductionBlocks == 2 * kThreads);
  const double sum = block_sum<kThreads>(partial[threadIdx.x] + partial[threadIdx.x + kThreads]);
  if (threadIdx.x == 0) partial[0] = sum;
}

template <typename T, typename Term>
void reduce(cudaStream_t stream, const T* values, int64_t count, Term term, double* scratch) {
  sum_terms<<<kReductionBlocks, kThreads, 0, stream>>>(values, count, term, scratch);
  check(cudaGetLastError(), "sum_terms");
  sum_partial<<<1, kThreads, 0, stream>>>(scratch);
  check(cudaGetLastError(), "sum_partial");
}

}  // namespace

void launch_set_context(cudaStream_t stream, const StepContext& context, StepContext* to) {
  set_context<<<1, 1, 0, stream>>>(context, to);
  check(cudaGetLastError(), "set_context");
}

void launch_update(cudaStream_t stream, UpdateRule rule, const UpdateNumbers* numbers,
                   const float* gradient, float* first, float* second, float* weight,
                   int64_t count) {
  const unsigned blocks = blocks_for((count + 3) / 4);
  const auto launch = [&](auto kernel) {
    kernel<<<blocks, kThreads, 0, stream>>>(numbers, gradient, first, second, weight, count);
    check(cudaGetLastError(), "update");
  };
  switch (rule) {
    case UpdateRule::kSgd:
      return launch(update<UpdateRule::kSgd>);
    case UpdateRule::kNesterov:
      return launch(update<UpdateRule::kNesterov>);
    case UpdateRule::kAdamW:
      return launch(update<UpdateRule::kAdamW>);
  }
}

void launch_add_scaled(cudaStream_t stream, float factor, const float* values, float* sum,
                       int64_t count) {
  add_scaled<<<blocks_for(count), kThreads, 0, stream>>>(factor, values, sum, count);
  check(cudaGetLastError(), "add_scaled");
}

void launch_average(cudaStream_t stream, float decay, const float* weight, float* kept,
                    int64_t count) {
  average<<<blocks_for(count), kThreads, 0, stream>>>(decay, weight, kept, count);
  check(cudaGetLastError(), "average");
}

void launch_sum_of_squares(cudaStream_t stream, const float* values, int64_t count,
                           double* scratch) {
  reduce(stream, values, count, Square(), scratch);
}

void launch_count_non_finite(cudaStream_t stream, DType dtype, const std::byte* values,
                             int64_t count, double* scratch) {
  if (dtype == DType::kBF16) {
    reduce(stream, reinterpret_cast<const __nv_bfloat16*>(values), count, NonFinite(), scratch);
  } else {
    reduce(stream, reinterpret_cast<const float*>(values), count, NonFinite(), scratch);
  }
}

}  // namespace orthrus::cuda
