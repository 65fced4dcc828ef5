#include <algorithm>
#include <cmath>

#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// Smooth Tchebycheff scalarisation: Lin et al., "Smooth Tchebycheff Scalarization for
// Multi-Objective Optimization", ICML 2024 (arXiv:2402.19078), equation 9, in the form of LibMTL
// (LibMTL/weighting/STCH.py) with mu = 1:
//   L = n mu log sum_t exp(log(L_t / z_t) / mu),  so  w_t = n softmax_t(log(L_t / z_t)) / L_t,
// n tasks. In the first four epochs L = sum_t log L_t; z_t is the mean of L_t over the steps of the
// fifth, which still goes by that sum. A task without any label there has z_t = 1.
class StchWeighting : public LossWeighting {
 public:
  explicit StchWeighting(const WeightingSetup& setup) : sums_(setup.tasks), steps_(setup.tasks) {}

  void weigh(std::span<const double> losses, const WeightingStep&,
             std::span<double> weights) override {
    double all = 0, tasks = 0;
    for (size_t t = 0; t < losses.size(); ++t) {
      weights[t] = 0;
      if (std::isnan(losses[t])) continue;
      const double loss = std::max(losses[t], kSmallest);
      weights[t] = 1 / loss;
      all += loss / nadir(t);
      ++tasks;
      if (epoch_ != kWarmUp) continue;
      sums_[t] += loss;
      steps_[t] += 1;
    }
    if (epoch_ <= kWarmUp) return;
    for (size_t t = 0; t < losses.size(); ++t) {
      if (!std::isnan(losses[t])) weights[t] = tasks / (nadir(t) * all);
    }
  }

  void end_epoch() override { epoch_ += 1; }

  [[nodiscard]] std::vector<double> state() const override {
    std::vector<double> state = {epoch_};
    state.insert(state.end(), sums_.begin(), sums_.end());
    state.insert(state.end(), steps_.begin(), steps_.end());
    return state;
  }
  void restore(std::span<const double> state) override {
    check_state(state, 1 + 2 * sums_.size());
    epoch_ = state[0];
    std::ranges::copy(state.subspan(1, sums_.size()), sums_.begin());
    std::ranges::copy(state.last(steps_.size()), steps_.begin());
  }

 private:
  static constexpr double kWarmUp = 4;  // epochs
  static constexpr double kSmallest = 1e-20;

  [[nodiscard]] double nadir(size_t t) const { return steps_[t] > 0 ? sums_[t] / steps_[t] : 1; }

  double epoch_ = 0;           // of this training
  std::vector<double> sums_;   // of the fifth epoch's losses
  std::vector<double> steps_;  // that had one
};

}  // namespace

std::unique_ptr<LossWeighting> make_stch_weighting(const WeightingSetup& setup) {
  return std::make_unique<StchWeighting>(setup);
}

}  // namespace orthrus
