#include <cmath>

#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"
#include "base/error.h"

namespace orthrus {

namespace {

double value(ActivationKind kind, double x) {
  switch (kind) {
    case ActivationKind::kRelu:
      return x > 0 ? x : 0;
    case ActivationKind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationKind::kTanh:
      return std::tanh(x);
    // exp(x) would overflow for large x.
    case ActivationKind::kSoftrelu:
      return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case ActivationKind::kSoftsign:
      return x / (1 + std::abs(x));
  }
  throw internal_error("unknown activation");
}

// The derivative at x, in terms of y = value(kind, x).
double slope(ActivationKind kind, double y) {
  switch (kind) {
    case ActivationKind::kRelu:
      return y > 0 ? 1 : 0;
    case ActivationKind::kSigmoid:
      return y * (1 - y);
    case ActivationKind::kTanh:
      return 1 - y * y;
    case ActivationKind::kSoftrelu:
      return -std::expm1(-y);
    case ActivationKind::kSoftsign:
      return (1 - std::abs(y)) * (1 - std::abs(y));
  }
  throw internal_error("unknown activation");
}

template <typename T>
class RefActivation : public RefKernel<T> {
 public:
  explicit RefActivation(const KernelRequest& request)
      : RefKernel<T>(request), kind_(std::get<Activation>(request.node.op).kind) {
    KernelStep step = forward_step(request);
    step.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput, 0}}};
    this->add_step(std::move(step),
                   [this](const StepView<T>& view, const StepContext&) { forward(view); });
    this->add_backward("backward", {{SlotKind::kOutputGradient, 0}, {SlotKind::kOutput, 0}}, {0},
                       [this](const StepView<T>& view, const StepContext&) { backward(view); });
    if (this->wants(0)) {
      this->steps_.back().in_place = {
          {{SlotKind::kOutputGradient, 0}, {SlotKind::kInputGradient, 0}}};
    }
  }

 private:
  void forward(const StepView<T>& view) const {
    for (int64_t i = 0; i < this->output_.shape.elements(); ++i) {
      view.output()[i] = static_cast<T>(value(kind_, view.input(0)[i]));
    }
  }

  void backward(const StepView<T>& view) const {
    for (int64_t i = 0; i < this->output_.shape.elements(); ++i) {
      view.input_gradient(0)[i] =
          static_cast<T>(view.output_gradient()[i] * slope(kind_, view.output()[i]));
    }
  }

  ActivationKind kind_;
};

}  // namespace

std::unique_ptr<Kernel> make_ref_activation(Backend&, const KernelRequest& request,
                                            Refusal& refusal) {
  return make_ref<RefActivation>(request, 1, refusal);
}

}  // namespace orthrus
