#include <cmath>

#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// The sum of the losses' logarithms: the loss-scale balancing of Lin et al., "Dual-Balancing for
// Multi-Task Learning" (arXiv:2308.12029), section 3.1:
//   L = sum_t log(L_t + 1e-8),  so  w_t = 1 / (L_t + 1e-8).
// Each task moves by the relative change of its loss, whatever its scale. As losses go towards 0
// the weights grow without bound; they are those of this very step.
class LogsumWeighting : public LossWeighting {
 public:
  void weigh(std::span<const double> losses, const WeightingStep&,
             std::span<double> weights) override {
    constexpr double kSmallest = 1e-8;
    for (size_t t = 0; t < losses.size(); ++t) {
      weights[t] = std::isnan(losses[t]) ? 0 : 1 / (losses[t] + kSmallest);
    }
  }
};

}  // namespace

std::unique_ptr<LossWeighting> make_logsum_weighting(const WeightingSetup&) {
  return std::make_unique<LogsumWeighting>();
}

}  // namespace orthrus
