#include <algorithm>
#include <cmath>

#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// Kendall, Gal and Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses", CVPR 2018
// (arXiv:1705.07115), equation 7 with s_t = log sigma_t^2, in the form of LibMTL
// (LibMTL/weighting/UW.py):
//   L = sum_t L_t / (2 exp(s_t)) + s_t / 2,  s_t = -0.5 at first,
// so w_t = 1 / (2 exp(s_t)) and dL/ds_t = 1/2 - L_t / (2 exp(s_t)). The s_t are learned by the step
// of the network's own optimizer (backend/update_rules.h), without weight decay. A task without a
// label in the batch keeps its s_t and its momentum.
class UncertaintyWeighting : public LossWeighting {
 public:
  explicit UncertaintyWeighting(const WeightingSetup& setup)
      : momentum_(setup.momentum), s_(setup.tasks, -0.5), moved_(setup.tasks, 0.0) {}

  void weigh(std::span<const double> losses, const WeightingStep& step,
             std::span<double> weights) override {
    for (size_t t = 0; t < s_.size(); ++t) {
      weights[t] = 1 / (2 * std::exp(s_[t]));
      if (std::isnan(losses[t])) continue;
      const double gradient = 0.5 - losses[t] * weights[t];
      moved_[t] = momentum_ * moved_[t] - step.rate * gradient;
      s_[t] += moved_[t];
    }
  }

  [[nodiscard]] std::vector<double> state() const override {
    std::vector<double> state = s_;
    state.insert(state.end(), moved_.begin(), moved_.end());
    return state;
  }
  void restore(std::span<const double> state) override {
    check_state(state, 2 * s_.size());
    std::ranges::copy(state.first(s_.size()), s_.begin());
    std::ranges::copy(state.last(s_.size()), moved_.begin());
  }

 private:
  double momentum_;
  std::vector<double> s_;
  std::vector<double> moved_;  // momentum, as backend/update_rules.h has it
};

}  // namespace

std::unique_ptr<LossWeighting> make_uncertainty_weighting(const WeightingSetup& setup) {
  return std::make_unique<UncertaintyWeighting>(setup);
}

}  // namespace orthrus
