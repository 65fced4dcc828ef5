#include "train/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <numeric>
#include <utility>

namespace orthrus {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::transform_reduce(a.begin(), a.end(), b.begin(), 0.0);
}

// dst += factor * src
void add_scaled(Vector& dst, double factor, const Vector& src) {
  std::ranges::transform(dst, src, dst.begin(),
                         [factor](double a, double b) { return a + factor * b; });
}

struct Correction {
  Vector step, change;
  double inverse = 0;  // 1 / (step * change)
};

// The two-loop recursion: what the kept pairs say of the inverse Hessian, times -gradient.
Vector direction(const std::deque<Correction>& pairs, const Vector& gradient) {
  Vector d = gradient;
  Vector alphas(pairs.size());
  for (size_t i = pairs.size(); i-- > 0;) {
    alphas[i] = pairs[i].inverse * dot(pairs[i].step, d);
    add_scaled(d, -alphas[i], pairs[i].change);
  }
  if (!pairs.empty()) {
    const Correction& last = pairs.back();
    const double scale = 1 / (last.inverse * dot(last.change, last.change));
    for (double& value : d) value *= scale;
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    const double beta = pairs[i].inverse * dot(pairs[i].change, d);
    add_scaled(d, alphas[i] - beta, pairs[i].step);
  }
  for (double& value : d) value = -value;
  return d;
}

double largest(const Vector& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

}  // namespace

LbfgsResult minimise_lbfgs(std::vector<double>& x, const Objective& objective,
                           const LbfgsOptions& options) {
  constexpr double kSufficient = 1e-4;  // Armijo's constant
  constexpr int kMostHalvings = 20;
  Vector gradient(x.size()), next(x.size()), next_gradient(x.size());
  LbfgsResult result{.value = objective(x, gradient)};
  std::deque<Correction> pairs;
  while (result.iterations < options.most_iterations && largest(gradient) > options.gradient_norm) {
    Vector d = direction(pairs, gradient);
    double slope = dot(d, gradient);
    if (slope >= 0) {  // rounding spoilt what was kept
      pairs.clear();
      d = direction(pairs, gradient);
      slope = dot(d, gradient);
    }
    double length = pairs.empty() ? 1 / std::max(1.0, std::sqrt(-slope)) : 1;
    double value = 0;
    int halvings = 0;
    for (; halvings < kMostHalvings; ++halvings, length /= 2) {
      next = x;
      add_scaled(next, length, d);
      value = objective(next, next_gradient);
      if (value <= result.value + kSufficient * length * slope) break;
    }
    if (halvings == kMostHalvings) break;
    ++result.iterations;
    Correction pair{next, next_gradient, 0};
    add_scaled(pair.step, -1, x);
    add_scaled(pair.change, -1, gradient);
    const double curvature = dot(pair.step, pair.change);
    if (curvature > 1e-10 * dot(pair.change, pair.change)) {
      pair.inverse = 1 / curvature;
      pairs.push_back(std::move(pair));
      if (std::ssize(pairs) > options.memory) pairs.pop_front();
    }
    std::swap(x, next);
    std::swap(gradient, next_gradient);
    const double fall = std::exchange(result.value, value) - value;
    if (fall <= options.relative_change * std::max(std::abs(value), 1e-12)) break;
  }
  return result;
}

}  // namespace orthrus
