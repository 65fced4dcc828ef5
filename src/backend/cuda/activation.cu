// Element-wise functions without parameters, in whatever layout their input has.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/vector_types.cuh"

namespace orthrus::cuda {
namespace {

template <ActivationKind kKind>
__device__ float value_at(float x) {
  switch (kKind) {
    case ActivationKind::kRelu:
      return x > 0 || isnan(x) ? x : 0;
    case ActivationKind::kSigmoid:
      return 1 / (1 + expf(-x));
    case ActivationKind::kTanh:
      return tanhf(x);
    // exp(x) would overflow for large x.
    case ActivationKind::kSoftrelu:
      return x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x));
    case ActivationKind::kSoftsign:
      return x / (1 + fabsf(x));
  }
  return 0;
}

// The derivative in terms of y = value_at(x).
template <ActivationKind kKind>
__device__ float slope_at(float y) {
  switch (kKind) {
    case ActivationKind::kRelu:
      return y > 0 ? 1 : 0;
    case ActivationKind::kSigmoid:
      return y * (1 - y);
    case ActivationKind::kTanh:
      return 1 - y * y;
    case ActivationKind::kSoftrelu:
      return -expm1f(-y);
    case ActivationKind::kSoftsign:
      return (1 - fabsf(y)) * (1 - fabsf(y));
  }
  return 0;
}

// Elements whose place in a row of `padded` is `channels` or more are padding.
template <typename T, ActivationKind kKind>
__global__ void activate(const T* x, T* y, int64_t count, int padded, int channels) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const bool real = i % padded < channels;
    y[i] = narrowed<T>(real ? value_at<kKind>(widened(x[i])) : 0);
  }
}

template <typename T, ActivationKind kKind>
__global__ void activate_backward(const T* y, const T* dy, T* dx, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {  // the gradient of padding is zero already
    dx[i] = narrowed<T>(widened(dy[i]) * slope_at<kKind>(widened(y[i])));
  }
}

// Calls work<kind>().
template <typename Work>
void for_kind(ActivationKind kind, const Work& work) {
  switch (kind) {
    case ActivationKind::kRelu:
      return work.template operator()<ActivationKind::kRelu>();
    case ActivationKind::kSigmoid:
      return work.template operator()<ActivationKind::kSigmoid>();
    case ActivationKind::kTanh:
      return work.template operator()<ActivationKind::kTanh>();
    case ActivationKind::kSoftrelu:
      return work.template operator()<ActivationKind::kSoftrelu>();
    case ActivationKind::kSoftsign:
      return work.template operator()<ActivationKind::kSoftsign>();
  }
}

template <typename T>
class ActivationKernel : public CudaKernel {
 public:
  ActivationKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request), kind_(std::get<Activation>(request.node.op).kind) {
    if (inputs_[0].layout == kChannelsLast) {
      channels_ = static_cast<int>(inputs_[0].shape[1]);
      padded_ = static_cast<int>(padded_channels(channels_));
    } else {
      inputs_[0] = plain_desc(inputs_[0].shape);
    }
    output_ = inputs_[0];
    implementation_ = "own";
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    forward.writes = {{SlotKind::kOutput}};
    forward.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput}}};
    forward.flops = static_cast<double>(output_.shape.elements());
    steps_.push_back(std::move(forward));
    if (!request.any_gradient()) return;
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kOutputGradient}, {SlotKind::kOutput}};
    backward.writes = {{SlotKind::kInputGradient, 0}};
    backward.in_place = {{{SlotKind::kOutputGradient}, {SlotKind::kInputGradient, 0}}};
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const auto count = static_cast<int64_t>(output_.size_bytes / sizeof(T));
    const auto as = [](std::byte* address) { return reinterpret_cast<T*>(address); };
    for_kind(kind_, [&]<ActivationKind kKind>() {
      if (step == 0) {
        activate<T, kKind><<<blocks_for(count), kThreads, 0, stream()>>>(
            as(at.inputs[0]), as(at.output), count, padded_, channels_);
      } else {
        activate_backward<T, kKind><<<blocks_for(count), kThreads, 0, stream()>>>(
            as(at.output), as(at.output_gradient), as(at.input_gradients[0]), count);
      }
    });
    check(cudaGetLastError(), "activate");
  }

 private:
  ActivationKind kind_;
  int padded_ = 1, channels_ = 1;
};

}  // namespace

std::unique_ptr<Kernel> make_activation(Backend& backend, const KernelRequest& request, Refusal&) {
  const bool bf16 =
      request.inputs[0].layout == kChannelsLast && request.inputs[0].dtype == DType::kBF16;
  if (bf16) return std::make_unique<ActivationKernel<__nv_bfloat16>>(as_cuda(backend), request);
  return std::make_unique<ActivationKernel<float>>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
