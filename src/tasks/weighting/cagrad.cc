#include <algorithm>
#include <cmath>

#include "tasks/weighting/simplex.h"
#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// CAGrad: Liu et al., "Conflict-Averse Gradient Descent for Multi-task Learning", NeurIPS 2021
// (arXiv:2110.14048), algorithm 1 with c = 1/2: near the mean gradient g_0, the direction in which
// the task that gains least gains most,
//   d = g_0 + c |g_0| g_w / |g_w|,  g_w = sum_t w_t g_t,  w of the simplex the minimum of
//   g_w . g_0 + c |g_0| |g_w|,
// here at the shared features, and divided by 1 + c^2 as the authors' code does it.
class CagradWeighting : public GradientWeighting {
 public:
  void mix(const GradientProducts& products, const WeightingStep&, std::span<double> mix) override {
    const std::vector<size_t> tasks = products.with_gradient();
    std::ranges::fill(mix, 0.0);
    if (tasks.empty()) return;
    const size_t size = tasks.size();
    const double share = 1 / static_cast<double>(size);
    // The products of each gradient with the sum by `weights`; `square`: that sum's own.
    const auto along = [&](std::span<const double> weights, std::span<double> dst, double& square) {
      square = 0;
      for (size_t i = 0; i < size; ++i) {
        dst[i] = 0;
        for (size_t j = 0; j < size; ++j) dst[i] += weights[j] * products(tasks[i], tasks[j]);
        square += weights[i] * dst[i];
      }
      square = std::max(square, 0.0);
    };
    const std::vector<double> equal(size, share);
    std::vector<double> with_mean(size);
    double mean_square = 0;
    along(equal, with_mean, mean_square);
    const double radius = kC * std::sqrt(mean_square);
    double square = 0;
    const std::vector<double> found =
        minimise_on_simplex(size, [&](std::span<const double> weights, std::span<double> gradient) {
          along(weights, gradient, square);
          const double factor = square > 0 ? radius / std::sqrt(square) : 0;
          for (size_t i = 0; i < size; ++i) gradient[i] = with_mean[i] + factor * gradient[i];
        });
    std::vector<double> unused(size);
    along(found, unused, square);
    const double factor = square > 0 ? radius / std::sqrt(square) : 0;
    for (size_t i = 0; i < size; ++i) {
      mix[tasks[i]] = (share + factor * found[i]) / (1 + kC * kC);
    }
  }

 private:
  static constexpr double kC = 0.5;
};

}  // namespace

std::unique_ptr<LossWeighting> make_cagrad_weighting(const WeightingSetup&) {
  return std::make_unique<CagradWeighting>();
}

}  // namespace orthrus
