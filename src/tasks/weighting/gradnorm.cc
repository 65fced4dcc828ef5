#include <algorithm>
#include <cmath>
#include <numeric>

#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// GradNorm: Chen et al., "GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep
// Multitask Networks", ICML 2018 (arXiv:1711.02257), equations 1 and 2 with alpha = 1.5, at the
// shared features. The weights w_t, 1 at first, are learned by
//   L_grad = sum_t | w_t |g_t| - G r_t^alpha |,  G the mean of w_t |g_t| (held constant),
//   r_t = (L_t / L_t(0)) / mean,  L_t(0) the task's first loss in this training,
// with the network's learning rate and without momentum, then scaled to the sum they had, that is
// the number of tasks. Gradients are measured in units of G, as their own depends on the features'
// scale. A task without a label in the batch keeps its weight.
class GradnormWeighting : public LossWeighting {
 public:
  explicit GradnormWeighting(const WeightingSetup& setup)
      : weights_(setup.tasks, 1.0), first_(setup.tasks, kNone), losses_(setup.tasks) {}

  [[nodiscard]] bool looks_at_gradients() const override { return true; }

  void weigh(std::span<const double> losses, const WeightingStep&,
             std::span<double> weights) override {
    for (size_t t = 0; t < losses.size(); ++t) {
      weights[t] = weights_[t];
      losses_[t] = std::isnan(losses[t]) ? kNone : std::max(losses[t], kSmallest);
      if (first_[t] == kNone) first_[t] = losses_[t];
    }
  }

  // For the step that comes: this one's gradients have their weights.
  void mix(const GradientProducts& products, const WeightingStep& step,
           std::span<double> mix) override {
    std::ranges::fill(mix, 1.0);
    std::vector<size_t> tasks;
    double norms = 0, rates = 0, before = 0;
    for (const size_t t : products.with_gradient()) {
      if (losses_[t] == kNone) continue;
      tasks.push_back(t);
      norms += products.norm(t);
      rates += losses_[t] / first_[t];
      before += weights_[t];
    }
    if (tasks.size() < 2) return;
    const auto count = static_cast<double>(tasks.size());
    double after = 0;
    for (const size_t t : tasks) {
      const double norm = products.norm(t) / (norms / count);  // of w_t g_t, in units of G
      const double wanted = std::pow(losses_[t] / first_[t] / (rates / count), kAlpha);
      const double sign = norm > wanted ? 1 : norm < wanted ? -1 : 0;
      weights_[t] = std::max(weights_[t] - step.rate * sign * norm / weights_[t], kLeast);
      after += weights_[t];
    }
    for (const size_t t : tasks) weights_[t] *= before / after;
  }

  [[nodiscard]] std::vector<double> state() const override {
    std::vector<double> state = weights_;
    state.insert(state.end(), first_.begin(), first_.end());
    return state;
  }
  void restore(std::span<const double> state) override {
    check_state(state, 2 * weights_.size());
    std::ranges::copy(state.first(weights_.size()), weights_.begin());
    std::ranges::copy(state.last(first_.size()), first_.begin());
  }

 private:
  static constexpr double kAlpha = 1.5;
  static constexpr double kNone = -1;  // no loss so far
  static constexpr double kSmallest = 1e-20;
  static constexpr double kLeast = 1e-3;  // a weight of 0 or less would turn its task around

  std::vector<double> weights_;
  std::vector<double> first_;   // losses
  std::vector<double> losses_;  // of this step
};

}  // namespace

std::unique_ptr<LossWeighting> make_gradnorm_weighting(const WeightingSetup& setup) {
  return std::make_unique<GradnormWeighting>(setup);
}

}  // namespace orthrus
