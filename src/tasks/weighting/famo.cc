#include <algorithm>
#include <cmath>

#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// FAMO: Liu et al., "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023 (arXiv:2306.03792),
// algorithm 1 as in the authors' code: with z = softmax(x), x = 0 at first,
//   w_t = z_t / (c L_t),  c = sum_t z_t / L_t,
// and after the step x is moved by Adam (rate 0.025, decay 1e-3) along
//   dx = J' d,  J the derivative of z by x,  d_t = log L_t before - log L_t after the step.
// The losses after a step are those of the next batch, where the authors compute the same batch
// again. A task without a label in either counts as one that did not change.
class FamoWeighting : public LossWeighting {
 public:
  explicit FamoWeighting(const WeightingSetup& setup)
      : x_(setup.tasks), mean_(setup.tasks), square_(setup.tasks), before_(setup.tasks, kNone) {}

  void weigh(std::span<const double> losses, const WeightingStep&,
             std::span<double> weights) override {
    learn(losses);
    const std::vector<double> z = softmax();
    double all = 0;
    for (size_t t = 0; t < losses.size(); ++t) {
      before_[t] = std::isnan(losses[t]) ? kNone : losses[t] + kSmallest;
      weights[t] = before_[t] == kNone ? 0 : z[t] / before_[t];
      all += weights[t];
    }
    for (double& weight : weights) weight = all > 0 ? weight / all : 0;
  }

  [[nodiscard]] std::vector<double> state() const override {
    std::vector<double> state = {steps_};
    for (const auto* part : {&x_, &mean_, &square_, &before_}) {
      state.insert(state.end(), part->begin(), part->end());
    }
    return state;
  }
  void restore(std::span<const double> state) override {
    const size_t size = x_.size();
    check_state(state, 1 + 4 * size);
    steps_ = state[0];
    size_t at = 1;
    for (auto* part : {&x_, &mean_, &square_, &before_}) {
      std::ranges::copy(state.subspan(at, size), part->begin());
      at += size;
    }
  }

 private:
  static constexpr double kRate = 0.025, kDecay = 1e-3;
  static constexpr double kNone = -1;  // no loss
  static constexpr double kSmallest = 1e-8;

  [[nodiscard]] std::vector<double> softmax() const {
    const double largest = *std::ranges::max_element(x_);
    std::vector<double> z(x_.size());
    double sum = 0;
    for (size_t t = 0; t < z.size(); ++t) sum += z[t] = std::exp(x_[t] - largest);
    for (double& value : z) value /= sum;
    return z;
  }

  void learn(std::span<const double> losses) {
    constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
    if (std::ranges::all_of(before_, [](double loss) { return loss == kNone; })) return;
    const std::vector<double> z = softmax();
    std::vector<double> change(z.size());
    double mean = 0;
    for (size_t t = 0; t < z.size(); ++t) {
      if (before_[t] == kNone || std::isnan(losses[t])) continue;
      change[t] = std::log(before_[t]) - std::log(losses[t] + kSmallest);
      mean += z[t] * change[t];
    }
    steps_ += 1;
    for (size_t t = 0; t < z.size(); ++t) {
      const double gradient = z[t] * (change[t] - mean) + kDecay * x_[t];
      mean_[t] = kBeta1 * mean_[t] + (1 - kBeta1) * gradient;
      square_[t] = kBeta2 * square_[t] + (1 - kBeta2) * gradient * gradient;
      const double corrected = mean_[t] / (1 - std::pow(kBeta1, steps_));
      const double root = std::sqrt(square_[t] / (1 - std::pow(kBeta2, steps_)));
      x_[t] -= kRate * corrected / (root + kEpsilon);
    }
  }

  double steps_ = 0;
  std::vector<double> x_;
  std::vector<double> mean_, square_;  // of Adam
  std::vector<double> before_;         // losses of the step before
};

}  // namespace

std::unique_ptr<LossWeighting> make_famo_weighting(const WeightingSetup& setup) {
  return std::make_unique<FamoWeighting>(setup);
}

}  // namespace orthrus
