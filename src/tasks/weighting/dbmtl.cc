#include <algorithm>
#include <cmath>

#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// Dual balancing: Lin et al., "Dual-Balancing for Multi-Task Learning" (arXiv:2308.12029),
// algorithm 1: the losses by their logarithms, as logsum has them, and the shared gradients all as
// long as the longest,
//   g_t of log(L_t + 1e-8),  sum_t max_u |g_u| / (|g_t| + 1e-8) g_t.
// Here at the shared features and with beta = 0: the moving average of gradients in the paper is
// one of parameters' gradients, while features are other ones in each batch.
class DbmtlWeighting : public LossWeighting {
 public:
  [[nodiscard]] bool looks_at_gradients() const override { return true; }

  void weigh(std::span<const double> losses, const WeightingStep&,
             std::span<double> weights) override {
    for (size_t t = 0; t < losses.size(); ++t) {
      weights[t] = std::isnan(losses[t]) ? 0 : 1 / (losses[t] + kSmallest);
    }
  }

  void mix(const GradientProducts& products, const WeightingStep&, std::span<double> mix) override {
    double longest = 0;
    for (size_t t = 0; t < mix.size(); ++t) longest = std::max(longest, products.norm(t));
    for (size_t t = 0; t < mix.size(); ++t) {
      mix[t] = products.has_gradient(t) ? longest / (products.norm(t) + kSmallest) : 0;
    }
  }

 private:
  static constexpr double kSmallest = 1e-8;
};

}  // namespace

std::unique_ptr<LossWeighting> make_dbmtl_weighting(const WeightingSetup&) {
  return std::make_unique<DbmtlWeighting>();
}

}  // namespace orthrus
