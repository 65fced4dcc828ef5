#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// Random loss weighting: Lin et al., "Reasonable Effectiveness of Random Weighting", TMLR 2022
// (arXiv:2111.10603), section 3: in each step w = softmax(z) with z standard normal. They sum to 1.
class RlwWeighting : public LossWeighting {
 public:
  explicit RlwWeighting(const WeightingSetup& setup) : seed_(setup.seed) {}

  [[nodiscard]] bool looks_at_losses() const override { return false; }

  void weigh(std::span<const double>, const WeightingStep& step,
             std::span<double> weights) override {
    RandomStream random(seed_, StreamPurpose::kWeighting, step.update, 0);
    double all = 0;
    for (double& weight : weights) all += weight = std::exp(random.normal());
    for (double& weight : weights) weight /= all;
  }

 private:
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<LossWeighting> make_rlw_weighting(const WeightingSetup& setup) {
  return std::make_unique<RlwWeighting>(setup);
}

}  // namespace orthrus
