#include <algorithm>

#include "tasks/weighting/linear_system.h"
#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// IMTL-G: Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, section 3.1: the weights,
// of sum 1, with which the sum of the gradients has the same projection on each of them,
//   a . (D U^T) = g_1 U^T,  rows of D: g_1 - g_t,  of U: g_1 / |g_1| - g_t / |g_t|,  t = 2, 3, ...
// with a the weights of all but the first. Here at the shared features, as in the paper. Where the
// gradients leave no such weights, as two that point the same way do, all are the same.
class ImtlWeighting : public GradientWeighting {
 public:
  void mix(const GradientProducts& products, const WeightingStep&, std::span<double> mix) override {
    const std::vector<size_t> tasks = products.with_gradient();
    std::ranges::fill(mix, 0.0);
    if (tasks.empty()) return;
    std::vector<double> weights = solve(equations(products, tasks));
    if (weights.empty()) {
      for (const size_t t : tasks) mix[t] = 1 / static_cast<double>(tasks.size());
      return;
    }
    mix[tasks[0]] = 1;
    for (size_t i = 0; i < weights.size(); ++i) {
      mix[tasks[i + 1]] = weights[i];
      mix[tasks[0]] -= weights[i];
    }
  }

 private:
  // One for each task but the first: coefficients, then the right side.
  static LinearSystem equations(const GradientProducts& products,
                                const std::vector<size_t>& tasks) {
    const size_t first = tasks[0], unknown = tasks.size() - 1;
    // g_t . u_j, with u_j the row of U for the task tasks[j + 1].
    const auto along = [&](size_t t, size_t j) {
      const size_t other = tasks[j + 1];
      return products(t, first) / products.norm(first) - products(t, other) / products.norm(other);
    };
    LinearSystem rows(unknown, std::vector<double>(unknown + 1));
    for (size_t j = 0; j < unknown; ++j) {
      for (size_t i = 0; i < unknown; ++i) {
        rows[j][i] = along(first, j) - along(tasks[i + 1], j);
      }
      rows[j][unknown] = along(first, j);
    }
    return rows;
  }
};

}  // namespace

std::unique_ptr<LossWeighting> make_imtl_weighting(const WeightingSetup&) {
  return std::make_unique<ImtlWeighting>();
}

}  // namespace orthrus
