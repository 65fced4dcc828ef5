#include <algorithm>
#include <cmath>
#include <utility>

#include "tasks/weighting/linear_system.h"
#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// Nash-MTL: Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022 (arXiv:2202.01017),
// claim 3.1: weights a > 0 with G a = 1 / a, element by element, G the products of the gradients,
// divided by their Frobenius norm as the authors' code does it; here at the shared features. They
// are the minimum of a' G a / 2 - sum_t log a_t, which is convex, so Newton's steps find them in
// the place of the authors' sequence of convex problems; their clipping of the result is left out.
class NashmtlWeighting : public GradientWeighting {
 public:
  void mix(const GradientProducts& products, const WeightingStep&, std::span<double> mix) override {
    const std::vector<size_t> tasks = products.with_gradient();
    std::ranges::fill(mix, 0.0);
    const std::vector<double> found = bargain(products, tasks);
    for (size_t i = 0; i < tasks.size(); ++i) mix[tasks[i]] = found[i];
  }

 private:
  static std::vector<double> bargain(const GradientProducts& products,
                                     const std::vector<size_t>& tasks) {
    constexpr int kSteps = 100;
    constexpr double kTolerance = 1e-12;
    const size_t size = tasks.size();
    double norm = 0;
    for (const size_t t : tasks) {
      for (const size_t u : tasks) norm += products(t, u) * products(t, u);
    }
    norm = std::sqrt(norm);
    std::vector<double> weights(size, 1.0);
    for (int step = 0; step < kSteps; ++step) {
      LinearSystem newton(size, std::vector<double>(size + 1));
      for (size_t i = 0; i < size; ++i) {
        for (size_t j = 0; j < size; ++j) {
          newton[i][j] = products(tasks[i], tasks[j]) / norm;
          newton[i][size] -= newton[i][j] * weights[j];
        }
        newton[i][i] += 1 / (weights[i] * weights[i]);
        newton[i][size] += 1 / weights[i];
      }
      // The Newton decrement: the step's length in the metric of the second derivative.
      double decrement = 0;
      std::vector<double> right(size);
      for (size_t i = 0; i < size; ++i) right[i] = newton[i][size];
      const std::vector<double> change = solve(std::move(newton));
      if (change.empty()) break;
      for (size_t i = 0; i < size; ++i) decrement += change[i] * right[i];
      decrement = std::sqrt(std::max(decrement, 0.0));
      // Damped steps keep the weights positive (the function is self-concordant).
      const double length = decrement < 0.25 ? 1 : 1 / (1 + decrement);
      for (size_t i = 0; i < size; ++i) weights[i] += length * change[i];
      if (decrement < kTolerance) break;
    }
    return weights;
  }
};

}  // namespace

std::unique_ptr<LossWeighting> make_nashmtl_weighting(const WeightingSetup&) {
  return std::make_unique<NashmtlWeighting>();
}

}  // namespace orthrus
