// LogisticOutput on row-major float32, element by element.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/launch.h"

namespace orthrus::cuda {
namespace {

__global__ void logistic(const float* logits, float* probabilities, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) probabilities[i] = 1 / (1 + expf(-logits[i]));
}

__device__ float x_log_x(float x) {
  return x > 0 ? x * logf(x) : 0;
}

// d/d logit of -t (1-p)^g ln p - (1-t) p^g ln(1-p), with dp / d logit = p (1-p).
__device__ float focal_gradient(float p, float target, float gamma) {
  const float q = 1 - p;
  const float if_present = gamma * powf(q, gamma) * x_log_x(p) - powf(q, gamma + 1);
  const float if_absent = powf(p, gamma + 1) - gamma * powf(p, gamma) * x_log_x(q);
  return target * if_present + (1 - target) * if_absent;
}

__global__ void logistic_backward(float scale, float alpha, float gamma, const float* probabilities,
                                  const float* labels, const float* weights, float* gradient,
                                  int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const float p = probabilities[i], target = labels[i] * (1 - alpha) + alpha / 2;
    const float slope = gamma > 0 ? focal_gradient(p, target, gamma) : p - target;
    gradient[i] = slope * scale * (weights == nullptr ? 1 : weights[i]);
  }
}

class LogisticOutputKernel : public CudaKernel {
 public:
  LogisticOutputKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request), op_(std::get<LogisticOutput>(request.node.op)) {
    for (BufferDesc& input : inputs_) input = plain_desc(input.shape);
    output_ = inputs_[0];
    implementation_ = "own";
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    forward.writes = {{SlotKind::kOutput}};
    forward.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput}}};
    steps_.push_back(std::move(forward));
    if (!request.any_gradient()) return;
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kOutput}, {SlotKind::kInput, 1}};
    if (op_.has_sample_weight) backward.reads.push_back({SlotKind::kInput, 2});
    backward.writes = {{SlotKind::kInputGradient, 0}};
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const auto floats = [](std::byte* address) { return reinterpret_cast<float*>(address); };
    const int64_t count = output_.shape.elements();
    if (step == 0) {
      logistic<<<blocks_for(count), kThreads, 0, stream()>>>(floats(at.inputs[0]),
                                                             floats(at.output), count);
    } else {
      const double scale = op_.grad_scale / static_cast<double>(output_.shape[1]);
      logistic_backward<<<blocks_for(count), kThreads, 0, stream()>>>(
          static_cast<float>(scale), static_cast<float>(op_.smooth_alpha),
          static_cast<float>(op_.focal_gamma), floats(at.output), floats(at.inputs[1]),
          op_.has_sample_weight ? floats(at.inputs[2]) : nullptr, floats(at.input_gradients[0]),
          count);
    }
    check(cudaGetLastError(), "logistic");
  }

 private:
  LogisticOutput op_;
};

}  // namespace

std::unique_ptr<Kernel> make_logistic_output(Backend& backend, const KernelRequest& request,
                                             Refusal&) {
  return std::make_unique<LogisticOutputKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
