#include <algorithm>

#include "tasks/weighting/simplex.h"
#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// MGDA: Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018
// (arXiv:1810.04650), equation 4 at the shared features (their MGDA-UB), without normalising the
// gradients: the weights a_t >= 0 of sum 1 with which |sum_t a_t g_t| is smallest. What they give
// makes no task's loss worse, to first order.
class MgdaWeighting : public GradientWeighting {
 public:
  void mix(const GradientProducts& products, const WeightingStep&, std::span<double> mix) override {
    const std::vector<size_t> tasks = products.with_gradient();
    std::ranges::fill(mix, 0.0);
    const std::vector<double> found = minimise_on_simplex(
        tasks.size(), [&](std::span<const double> weights, std::span<double> gradient) {
          for (size_t i = 0; i < tasks.size(); ++i) {
            gradient[i] = 0;
            for (size_t j = 0; j < tasks.size(); ++j) {
              gradient[i] += weights[j] * products(tasks[i], tasks[j]);
            }
          }
        });
    for (size_t i = 0; i < tasks.size(); ++i) mix[tasks[i]] = found[i];
  }
};

}  // namespace

std::unique_ptr<LossWeighting> make_mgda_weighting(const WeightingSetup&) {
  return std::make_unique<MgdaWeighting>();
}

}  // namespace orthrus
