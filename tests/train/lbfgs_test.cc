#include "train/lbfgs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace orthrus {
namespace {

// Rosenbrock's valley, whose minimum is 0 at (1, 1, ...).
double rosenbrock(std::span<const double> x, std::span<double> gradient) {
  std::ranges::fill(gradient, 0.0);
  double value = 0;
  for (size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    value += 100 * a * a + b * b;
    gradient[i] += -400 * a * x[i] - 2 * b;
    gradient[i + 1] += 200 * a;
  }
  return value;
}

TEST(Lbfgs, FindsTheEndOfRosenbrocksValley) {
  std::vector<double> x = {-1.2, 1, -1.2, 1};
  const LbfgsResult result = minimise_lbfgs(
      x, rosenbrock, {.most_iterations = 500, .gradient_norm = 1e-8, .relative_change = 0});
  EXPECT_LT(result.value, 1e-12);
  for (const double value : x) EXPECT_NEAR(value, 1, 1e-5);
}

// f = 1/2 sum i (x_i - i)^2: a few steps, where the steepest descent takes hundreds.
TEST(Lbfgs, UsesTheCurvatureOfAQuadratic) {
  std::vector<double> x(50, 0.0);
  int calls = 0;
  const auto quadratic = [&](std::span<const double> at, std::span<double> gradient) {
    ++calls;
    double value = 0;
    for (size_t i = 0; i < at.size(); ++i) {
      const auto scale = static_cast<double>(i + 1);
      gradient[i] = scale * (at[i] - scale);
      value += 0.5 * scale * (at[i] - scale) * (at[i] - scale);
    }
    return value;
  };
  (void)minimise_lbfgs(x, quadratic, {.gradient_norm = 1e-6, .relative_change = 0});
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], static_cast<double>(i + 1), 1e-5);
  EXPECT_LT(calls, 80);
}

TEST(Lbfgs, StopsAtItsLimits) {
  std::vector<double> x = {-1.2, 1};
  EXPECT_EQ(minimise_lbfgs(x, rosenbrock, {.most_iterations = 3}).iterations, 3);
  x = {1, 1};
  EXPECT_EQ(minimise_lbfgs(x, rosenbrock).iterations, 0);
}

}  // namespace
}  // namespace orthrus
