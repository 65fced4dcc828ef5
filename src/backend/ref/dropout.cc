#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"
#include "base/hash.h"
#include "base/random.h"

namespace orthrus {

namespace {

// The mask is not saved: backward draws the same numbers again from the stream of this layer and
// step.
template <typename T>
class RefDropout : public RefKernel<T> {
 public:
  explicit RefDropout(const KernelRequest& request)
      : RefKernel<T>(request),
        p_(std::get<Dropout>(request.node.op).p),
        whole_(std::get<Dropout>(request.node.op).whole),
        name_hash_(hash_text(request.node.name)) {
    if (!request.training || p_ == 0) {
      this->is_alias_ = true;
      return;
    }
    KernelStep step = forward_step(request);
    step.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput, 0}}};
    this->add_step(std::move(step), [this](const StepView<T>& view, const StepContext& context) {
      mask(context, view.input(0), view.output());
    });
    this->add_backward("backward", {{SlotKind::kOutputGradient, 0}}, {0},
                       [this](const StepView<T>& view, const StepContext& context) {
                         mask(context, view.output_gradient(), view.input_gradient(0));
                       });
    if (this->wants(0)) {
      this->steps_.back().in_place = {
          {{SlotKind::kOutputGradient, 0}, {SlotKind::kInputGradient, 0}}};
    }
  }

 private:
  void mask(const StepContext& context, const T* src, T* dst) const {
    RandomStream stream(context.seed, StreamPurpose::kDropout, context.step, name_hash_);
    const int64_t together = whole_ ? this->output_.shape.elements(1) : 1;
    bool kept = false;
    for (int64_t i = 0; i < this->output_.shape.elements(); ++i) {
      if (i % together == 0) kept = stream.uniform() >= p_;
      dst[i] = kept ? static_cast<T>(src[i] / (1 - p_)) : T{0};
    }
  }

  double p_;
  bool whole_;
  uint64_t name_hash_;
};

}  // namespace

std::unique_ptr<Kernel> make_ref_dropout(Backend&, const KernelRequest& request, Refusal& refusal) {
  return make_ref<RefDropout>(request, 1, refusal);
}

}  // namespace orthrus
