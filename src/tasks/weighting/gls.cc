#include <cmath>

#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// Geometric loss strategy: Chennupati et al., "MultiNet++: Multi-Stream Feature Aggregation and
// Geometric Loss Strategy for Multi-Task Learning", CVPR workshops 2019 (arXiv:1904.08492),
// equation 3: L = (L_1 L_2 ... L_n)^(1/n), so w_t = L / (n L_t). Over the tasks that have a label.
class GlsWeighting : public LossWeighting {
 public:
  void weigh(std::span<const double> losses, const WeightingStep&,
             std::span<double> weights) override {
    constexpr double kSmallest = 1e-8;
    double logarithms = 0, tasks = 0;
    for (const double loss : losses) {
      if (std::isnan(loss)) continue;
      logarithms += std::log(loss + kSmallest);
      ++tasks;
    }
    for (size_t t = 0; t < losses.size(); ++t) {
      weights[t] = std::isnan(losses[t])
                       ? 0
                       : std::exp(logarithms / tasks) / (tasks * (losses[t] + kSmallest));
    }
  }
};

}  // namespace

std::unique_ptr<LossWeighting> make_gls_weighting(const WeightingSetup&) {
  return std::make_unique<GlsWeighting>();
}

}  // namespace orthrus
