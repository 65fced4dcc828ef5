#include <algorithm>
#include <cmath>
#include <limits>

#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

// The class of a label, cut off towards zero as MXNet does. NaN and numbers beyond int32 have no
// class: they become one that is neither a class nor an ignore_label.
int64_t class_of(double label) {
  constexpr double kLimit = std::numeric_limits<int32_t>::max();
  if (!(std::abs(label) <= kLimit)) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(label);
}

template <typename T>
class RefSoftmaxOutput : public RefKernel<T> {
 public:
  explicit RefSoftmaxOutput(const KernelRequest& request)
      : RefKernel<T>(request),
        op_(std::get<SoftmaxOutput>(request.node.op)),
        rows_(this->output_.shape[0]),
        classes_(this->output_.shape[1]) {
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
    std::vector<double> powers(static_cast<size_t>(classes_));
    for (int64_t n = 0; n < rows_; ++n) {
      const T* logits = view.input(0) + n * classes_;
      // Without this shift exp() would overflow for logits above 709.
      const double largest = *std::max_element(logits, logits + classes_);
      double sum = 0;
      for (size_t k = 0; k < powers.size(); ++k) sum += powers[k] = std::exp(logits[k] - largest);
      for (size_t k = 0; k < powers.size(); ++k) {
        view.output()[n * classes_ + static_cast<int64_t>(k)] = static_cast<T>(powers[k] / sum);
      }
    }
  }

  // What the gradient is divided by. Labels count as valid whether or not use_ignore is set.
  [[nodiscard]] double count(const T* labels) const {
    switch (op_.normalization) {
      case LossNormalization::kNull:
        return 1;
      case LossNormalization::kBatch:
        return static_cast<double>(rows_);
      case LossNormalization::kValid:
        break;
    }
    int64_t valid = 0;
    for (int64_t n = 0; n < rows_; ++n) {
      if (class_of(labels[n]) != class_of(op_.ignore_label)) ++valid;
    }
    return static_cast<double>(std::max<int64_t>(valid, 1));
  }

  void backward(const StepView<T>& view) const {
    const T* labels = view.input(1);
    const double others = classes_ > 1 ? op_.smooth_alpha / static_cast<double>(classes_ - 1) : 0;
    const double batch_scale = op_.grad_scale / count(labels);
    for (int64_t n = 0; n < rows_; ++n) {
      const int64_t label = class_of(labels[n]);
      const bool ignored = op_.use_ignore && label == class_of(op_.ignore_label);
      const double weight = op_.has_sample_weight ? view.input(2)[n] : 1;
      if (op_.focal_gamma > 0) {
        const double scale = ignored ? 0 : batch_scale * weight;
        focal_row(view.output() + n * classes_, label, scale,
                  view.input_gradient(0) + n * classes_);
        continue;
      }
      for (int64_t k = 0; k < classes_; ++k) {
        const int64_t at = n * classes_ + k;
        const double target = k == label ? 1 - op_.smooth_alpha : others;
        const double gradient = (view.output()[at] - target) * batch_scale * weight;
        view.input_gradient(0)[at] = ignored ? T{0} : static_cast<T>(gradient);
      }
    }
  }

  // With phi(p) = -(1-p)^g ln p and dp[k] / d logit[j] = p[k] (delta[k,j] - p[j]) the gradient is
  // s[j] - p[j] * sum of s, where s[k] = target[k] * phi'(p[k]) * p[k].
  void focal_row(const T* probabilities, int64_t label, double scale, T* gradient) const {
    const double others = classes_ > 1 ? op_.smooth_alpha / static_cast<double>(classes_ - 1) : 0;
    std::vector<double> slopes(static_cast<size_t>(classes_));
    double sum = 0;
    for (size_t k = 0; k < slopes.size(); ++k) {
      const double target = static_cast<int64_t>(k) == label ? 1 - op_.smooth_alpha : others;
      sum += slopes[k] = target == 0 ? 0 : target * focal_slope(probabilities[k]);
    }
    for (size_t k = 0; k < slopes.size(); ++k) {
      gradient[k] = static_cast<T>((slopes[k] - probabilities[k] * sum) * scale);
    }
  }

  // p * d/dp of -(1-p)^g ln p. Towards p = 1 the first term goes to 0, as g > 0.
  [[nodiscard]] double focal_slope(double p) const {
    const double gamma = op_.focal_gamma;
    const double bend = p > 0 && p < 1 ? gamma * std::pow(1 - p, gamma - 1) * p * std::log(p) : 0;
    return bend - std::pow(1 - p, gamma);
  }

  SoftmaxOutput op_;
  int64_t rows_;
  int64_t classes_;
};

}  // namespace

std::unique_ptr<Kernel> make_ref_softmax_output(Backend&, const KernelRequest& request,
                                                Refusal& refusal) {
  return make_ref<RefSoftmaxOutput>(request, 1, refusal);
}

}  // namespace orthrus
