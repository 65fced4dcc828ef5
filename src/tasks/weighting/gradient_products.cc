#include "tasks/weighting/gradient_products.h"

#include <algorithm>
#include <cmath>

namespace orthrus {
namespace {

// Several sums side by side, which the processor adds at once; always the same ones.
double inner_product(std::span<const float> a, std::span<const float> b) {
  constexpr size_t kLanes = 8;
  double sums[kLanes] = {};
  const size_t whole = a.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += double{a[i + lane]} * double{b[i + lane]};
    }
  }
  for (size_t i = whole; i < a.size(); ++i) sums[0] += double{a[i]} * double{b[i]};
  double all = 0;
  for (const double sum : sums) all += sum;
  return all;
}

}  // namespace

double GradientProducts::norm(size_t t) const {
  return std::sqrt((*this)(t, t));
}

std::vector<size_t> GradientProducts::with_gradient() const {
  std::vector<size_t> tasks;
  for (size_t t = 0; t < tasks_; ++t) {
    if (has_gradient(t)) tasks.push_back(t);
  }
  return tasks;
}

GradientProducts products_of(std::span<const std::span<const float>> gradients,
                             std::span<const double> scales) {
  GradientProducts products(gradients.size());
  for (size_t t = 0; t < gradients.size(); ++t) {
    for (size_t u = 0; u <= t; ++u) {
      const double scale = scales[t] * scales[u];
      if (scale == 0) continue;
      products.set(t, u, inner_product(gradients[t], gradients[u]) / scale);
    }
  }
  return products;
}

void mix_gradients(std::span<const std::span<const float>> gradients, std::span<const double> mix,
                   std::span<float> dst) {
  std::ranges::fill(dst, 0.0F);
  for (size_t t = 0; t < gradients.size(); ++t) {
    const auto factor = static_cast<float>(mix[t]);
    for (size_t i = 0; i < dst.size(); ++i) dst[i] += factor * gradients[t][i];
  }
}

}  // namespace orthrus
