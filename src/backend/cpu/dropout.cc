// Dropout: draws its mask once per step, in row-major order, and keeps it for backward. The stream
// is drawn serially: the layer usually stands behind the pooled features, where it costs nothing.
// Whole pictures have one number each, and stay in the layout and type in which they come.
#include <algorithm>
#include <vector>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/threads.h"

namespace orthrus::cpu {

namespace {

class DropoutKernel : public CpuKernel {
 public:
  DropoutKernel(CpuBackend& backend, const KernelRequest& request)
      : CpuKernel(backend, request),
        p_(std::get<Dropout>(request.node.op).p),
        layer_(hash_text(request.node.name)) {
    inputs_[0] = plain_desc(inputs_[0].shape);
    output_ = inputs_[0];
    if (!request.training || p_ == 0) {
      implementation_ = "identity";
      is_alias_ = true;
      return;
    }
    implementation_ = "own:mask";
    saved_ = {inputs_[0]};
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    forward.writes = {{SlotKind::kOutput}, {SlotKind::kSaved, 0}};
    steps_.push_back(std::move(forward));
    if (!request.any_gradient()) return;
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kSaved, 0}, {SlotKind::kOutputGradient}};
    backward.writes = {{SlotKind::kInputGradient, 0}};
    backward.in_place = {{{SlotKind::kOutputGradient}, {SlotKind::kInputGradient, 0}}};
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext& context) override {
    const StepBuffers& at = buffers(step);
    float* mask = floats(at.saved[0]);
    const int64_t count = output_.shape.elements();
    if (step == 0) {
      RandomStream stream(context.seed, StreamPurpose::kDropout, context.step, layer_);
      const auto kept = static_cast<float>(1 / (1 - p_));
      for (int64_t i = 0; i < count; ++i) mask[i] = stream.uniform() >= p_ ? kept : 0.0F;
    }
    const float* from = floats(step == 0 ? at.inputs[0] : at.output_gradient);
    float* to = floats(step == 0 ? at.output : at.input_gradients[0]);
    std::transform(from, from + count, mask, to, [](float value, float m) { return value * m; });
  }

 private:
  double p_;
  uint64_t layer_;
};

class WholeDropoutKernel : public CpuKernel {
 public:
  WholeDropoutKernel(CpuBackend& backend, const KernelRequest& request)
      : CpuKernel(backend, request),
        p_(std::get<Dropout>(request.node.op).p),
        layer_(hash_text(request.node.name)) {
    if (inputs_[0].layout.plain() || backend.block_of(inputs_[0]) == 0) {
      inputs_[0] = plain_desc(inputs_[0].shape);
    }
    output_ = inputs_[0];
    if (!request.training || p_ == 0) {
      implementation_ = "identity";
      is_alias_ = true;
      return;
    }
    implementation_ = output_.dtype == DType::kBF16 ? "own:whole:bf16" : "own:whole";
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    forward.writes = {{SlotKind::kOutput}};
    forward.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput}}};
    steps_.push_back(std::move(forward));
    if (!request.any_gradient()) return;
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kOutputGradient}};
    backward.writes = {{SlotKind::kInputGradient, 0}};
    backward.in_place = {{{SlotKind::kOutputGradient}, {SlotKind::kInputGradient, 0}}};
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext& context) override {
    const StepBuffers& at = buffers(step);
    const std::byte* from = step == 0 ? at.inputs[0] : at.output_gradient;
    std::byte* to = step == 0 ? at.output : at.input_gradients[0];
    const int64_t pictures = output_.shape[0];
    RandomStream stream(context.seed, StreamPurpose::kDropout, context.step, layer_);
    std::vector<float> factors(static_cast<size_t>(pictures));
    for (float& factor : factors) {
      factor = stream.uniform() >= p_ ? static_cast<float>(1 / (1 - p_)) : 0.0F;
    }
    // A picture is one stretch of memory in every layout that block_of() knows.
    const size_t bytes = output_.size_bytes / factors.size();
    parallel_for(pictures, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const size_t offset = static_cast<size_t>(i) * bytes;
        multiply(from + offset, factors[static_cast<size_t>(i)], to + offset, bytes);
      }
    });
  }

 private:
  void multiply(const std::byte* from, float factor, std::byte* to, size_t bytes) const {
    if (output_.dtype == DType::kBF16) {
      const auto* values = reinterpret_cast<const uint16_t*>(from);
      std::transform(values, values + bytes / sizeof(uint16_t), reinterpret_cast<uint16_t*>(to),
                     [factor](uint16_t v) { return f32_to_bf16(bf16_to_f32(v) * factor); });
    } else {
      const auto* values = reinterpret_cast<const float*>(from);
      std::transform(values, values + bytes / sizeof(float), reinterpret_cast<float*>(to),
                     [factor](float v) { return v * factor; });
    }
  }

  double p_;
  uint64_t layer_;
};

}  // namespace

std::unique_ptr<Kernel> make_dropout(Backend& backend, const KernelRequest& request, Refusal&) {
  if (std::get<Dropout>(request.node.op).whole) {
    return std::make_unique<WholeDropoutKernel>(as_cpu(backend), request);
  }
  return std::make_unique<DropoutKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
