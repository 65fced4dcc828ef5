#include <algorithm>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "tasks/weighting/weighting.h"

namespace orthrus {
namespace {

// Yu, Kumar, Gupta, Levine, Hausman and Finn, "Gradient Surgery for Multi-Task Learning", NeurIPS
// 2020 (arXiv:2001.06782), algorithm 1: each gradient is freed, in random order, of the part that
// points against another one,
//   g_i <- g_i - (g_i . g_j) / |g_j|^2 g_j  where g_i . g_j < 0,
// g_j as it was at first; the shared layers get the sum. Here at the shared features, not at all
// shared parameters. What is left of g_i is a weighted sum of the gradients, c_i.
class PcgradWeighting : public GradientWeighting {
 public:
  explicit PcgradWeighting(const WeightingSetup& setup) : seed_(setup.seed) {}

  void mix(const GradientProducts& products, const WeightingStep& step,
           std::span<double> mix) override {
    RandomStream random(seed_, StreamPurpose::kWeighting, step.update, 0);
    const size_t tasks = products.tasks();
    std::ranges::fill(mix, 0.0);
    std::vector<size_t> order(tasks);
    std::vector<double> own(tasks);
    for (size_t i = 0; i < tasks; ++i) {
      shuffle(order, random);
      std::ranges::fill(own, 0.0);
      own[i] = 1;
      for (const size_t j : order) {
        if (j == i) continue;
        double product = 0;
        for (size_t k = 0; k < tasks; ++k) product += own[k] * products(k, j);
        if (product < 0) own[j] -= product / products(j, j);
      }
      for (size_t k = 0; k < tasks; ++k) mix[k] += own[k];
    }
  }

 private:
  static void shuffle(std::vector<size_t>& order, RandomStream& random) {
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[random.below(static_cast<uint32_t>(i))]);
    }
  }

  uint64_t seed_;
};

}  // namespace

std::unique_ptr<LossWeighting> make_pcgrad_weighting(const WeightingSetup& setup) {
  return std::make_unique<PcgradWeighting>(setup);
}

}  // namespace orthrus
