// Dropout: draws its mask once per step, in row-major order, and keeps it for backward. The stream
// is drawn serially: the layer usually stands behind the pooled features, where it costs nothing.
#include <algorithm>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"
#include "base/hash.h"
#include "base/random.h"

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

}  // namespace

std::unique_ptr<Kernel> make_dropout(Backend& backend, const KernelRequest& request, Refusal&) {
  return std::make_unique<DropoutKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
