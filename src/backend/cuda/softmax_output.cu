// SoftmaxOutput on row-major float32: a block per row.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/reduce.cuh"

namespace orthrus::cuda {
namespace {

constexpr int kRowThreads = 128;

// The class of a label, cut off towards zero as MXNet does. NaN and numbers beyond int32 have no
// class: they become one that is neither a class nor an ignore_label.
__device__ int64_t class_of(double label) {
  constexpr double kLimit = 2147483647;
  if (!(fabs(label) <= kLimit)) return INT64_MIN;
  return static_cast<int64_t>(label);
}

__global__ void softmax_rows(const float* logits, float* probabilities, int classes) {
  const float* row = logits + static_cast<int64_t>(blockIdx.x) * classes;
  float* out = probabilities + static_cast<int64_t>(blockIdx.x) * classes;
  float largest = -INFINITY;
  for (int k = static_cast<int>(threadIdx.x); k < classes; k += kRowThreads) {
    largest = fmaxf(largest, row[k]);
  }
  largest = block_max<kRowThreads>(largest);
  float sum = 0;
  for (int k = static_cast<int>(threadIdx.x); k < classes; k += kRowThreads) {
    sum += expf(row[k] - largest);
  }
  sum = block_sum<kRowThreads>(sum);
  // In place: each thread writes what it alone reads.
  for (int k = static_cast<int>(threadIdx.x); k < classes; k += kRowThreads) {
    out[k] = expf(row[k] - largest) / sum;
  }
}

struct Loss {
  double grad_scale, ignore_label, smooth_alpha, focal_gamma;
  bool use_ignore;
  LossNormalization normalization;
};

// What the gradient is divided by, into `count`: one block.
__global__ void count_labels(Loss loss, const float* labels, int rows, float* count) {
  float valid = 0;
  for (int n = static_cast<int>(threadIdx.x); n < rows; n += kRowThreads) {
    valid += class_of(labels[n]) != class_of(loss.ignore_label) ? 1 : 0;
  }
  valid = block_sum<kRowThreads>(valid);
  if (threadIdx.x != 0) return;
  switch (loss.normalization) {
    case LossNormalization::kNull:
      *count = 1;
      break;
    case LossNormalization::kBatch:
      *count = static_cast<float>(rows);
      break;
    case LossNormalization::kValid:
      *count = fmaxf(valid, 1);
      break;
  }
}

// p * d/dp of -(1-p)^g ln p. Towards p = 1 the first term goes to 0, as g > 0.
__device__ float focal_slope(float p, float gamma) {
  const float bend = p > 0 && p < 1 ? gamma * powf(1 - p, gamma - 1) * p * logf(p) : 0;
  return bend - powf(1 - p, gamma);
}

__global__ void softmax_rows_backward(Loss loss, const float* probabilities, const float* labels,
                                      const float* weights, const float* count, float* gradient,
                                      int classes) {
  const int64_t n = blockIdx.x;
  const float* p = probabilities + n * classes;
  float* out = gradient + n * classes;
  const int64_t label = class_of(labels[n]);
  const bool ignored = loss.use_ignore && label == class_of(loss.ignore_label);
  const auto alpha = static_cast<float>(loss.smooth_alpha);
  const float others = classes > 1 ? alpha / static_cast<float>(classes - 1) : 0;
  const float weight = weights == nullptr ? 1 : weights[n];
  const float scale = ignored ? 0 : static_cast<float>(loss.grad_scale) / *count * weight;
  const auto target = [&](int k) { return k == label ? 1 - alpha : others; };
  if (loss.focal_gamma > 0) {
    const auto gamma = static_cast<float>(loss.focal_gamma);
    const auto slope = [&](int k) {
      return target(k) == 0 ? 0 : target(k) * focal_slope(p[k], gamma);
    };
    float sum = 0;
    for (int k = static_cast<int>(threadIdx.x); k < classes; k += kRowThreads) sum += slope(k);
    sum = block_sum<kRowThreads>(sum);
    for (int k = static_cast<int>(threadIdx.x); k < classes; k += kRowThreads) {
      out[k] = (slope(k) - p[k] * sum) * scale;
    }
    return;
  }
  for (int k = static_cast<int>(threadIdx.x); k < classes; k += kRowThreads) {
    out[k] = ignored ? 0 : (p[k] - target(k)) * scale;
  }
}

class SoftmaxOutputKernel : public CudaKernel {
 public:
  SoftmaxOutputKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request), op_(std::get<SoftmaxOutput>(request.node.op)) {
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
    backward.scratch_bytes = sizeof(float);
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const auto floats = [](std::byte* address) { return reinterpret_cast<float*>(address); };
    const auto rows = static_cast<unsigned>(output_.shape[0]);
    const auto classes = static_cast<int>(output_.shape[1]);
    if (step == 0) {
      softmax_rows<<<rows, kRowThreads, 0, stream()>>>(floats(at.inputs[0]), floats(at.output),
                                                       classes);
      check(cudaGetLastError(), "softmax_rows");
      return;
    }
    const Loss loss{.grad_scale = op_.grad_scale,
                    .ignore_label = op_.ignore_label,
                    .smooth_alpha = op_.smooth_alpha,
                    .focal_gamma = op_.focal_gamma,
                    .use_ignore = op_.use_ignore,
                    .normalization = op_.normalization};
    const float* labels = floats(at.inputs[1]);
    const float* weights = op_.has_sample_weight ? floats(at.inputs[2]) : nullptr;
    float* count = floats(at.scratch);
    count_labels<<<1, kRowThreads, 0, stream()>>>(loss, labels, static_cast<int>(rows), count);
    check(cudaGetLastError(), "count_labels");
    softmax_rows_backward<<<rows, kRowThreads, 0, stream()>>>(
        loss, floats(at.output), labels, weights, count, floats(at.input_gradients[0]), classes);
    check(cudaGetLastError(), "softmax_rows_backward");
  }

 private:
  SoftmaxOutput op_;
};

}  // namespace

std::unique_ptr<Kernel> make_softmax_output(Backend& backend, const KernelRequest& request,
                                            Refusal&) {
  return std::make_unique<SoftmaxOutputKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
