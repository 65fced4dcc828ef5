#include <cmath>

#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

double x_log_x(double x) {
  return x > 0 ? x * std::log(x) : 0;
}

// d/d logit of -t (1-p)^g ln p - (1-t) p^g ln(1-p), with dp / d logit = p (1-p).
double focal_gradient(double p, double target, double gamma) {
  const double q = 1 - p;
  const double if_present = gamma * std::pow(q, gamma) * x_log_x(p) - std::pow(q, gamma + 1);
  const double if_absent = std::pow(p, gamma + 1) - gamma * std::pow(p, gamma) * x_log_x(q);
  return target * if_present + (1 - target) * if_absent;
}

template <typename T>
class RefLogisticOutput : public RefKernel<T> {
 public:
  explicit RefLogisticOutput(const KernelRequest& request)
      : RefKernel<T>(request),
        op_(std::get<LogisticOutput>(request.node.op)),
        classes_(this->output_.shape[1]),
        elements_(this->output_.shape.elements()) {
    KernelStep step = forward_step(request);
    step.reads = {{SlotKind::kInput, 0}};
    step.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput, 0}}};
    this->add_step(std::move(step),
                   [this](const StepView<T>& view, const StepContext&) { forward(view); });
    std::vector<Slot> reads = {{SlotKind::kOutput, 0}, {SlotKind::kInput, 1}};
    if (op_.has_sample_weight) reads.push_back({SlotKind::kInput, 2});
    this->add_backward("backward", std::move(reads), {0},
                       [this](const StepView<T>& view, const StepContext&) { backward(view); });
  }

 private:
  void forward(const StepView<T>& view) const {
    for (int64_t i = 0; i < elements_; ++i) {
      const double logit = view.input(0)[i];
      view.output()[i] = static_cast<T>(1 / (1 + std::exp(-logit)));
    }
  }

  void backward(const StepView<T>& view) const {
    const double scale = op_.grad_scale / static_cast<double>(classes_);
    for (int64_t i = 0; i < elements_; ++i) {
      const double p = view.output()[i];
      const double target = view.input(1)[i] * (1 - op_.smooth_alpha) + op_.smooth_alpha / 2;
      const double weight = op_.has_sample_weight ? view.input(2)[i] : 1;
      const double slope =
          op_.focal_gamma > 0 ? focal_gradient(p, target, op_.focal_gamma) : p - target;
      view.input_gradient(0)[i] = static_cast<T>(slope * scale * weight);
    }
  }

  LogisticOutput op_;
  int64_t classes_;
  int64_t elements_;
};

}  // namespace

std::unique_ptr<Kernel> make_ref_logistic_output(Backend&, const KernelRequest& request,
                                                 Refusal& refusal) {
  return make_ref<RefLogisticOutput>(request, 1, refusal);
}

}  // namespace orthrus
