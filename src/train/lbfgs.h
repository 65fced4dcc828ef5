// Limited-memory BFGS: minimises a smooth function of many variables from its values and gradients
// (Nocedal and Wright 2006, Numerical Optimization, algorithms 7.4 and 7.5), with a backtracking
// line search. Knows nothing of networks.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace orthrus {

// The value at x; writes the gradient.
using Objective = std::function<double(std::span<const double> x, std::span<double> gradient)>;

struct LbfgsOptions {
  int most_iterations = 100;
  int memory = 10;                // pairs of steps and changes of the gradient that are kept
  double gradient_norm = 1e-4;    // ends when the largest element is below
  double relative_change = 1e-6;  // ends when the value falls by less, times its size
};

struct LbfgsResult {
  double value = 0;
  int iterations = 0;
};

// Moves `x` to a minimum, or as far as the options let it.
LbfgsResult minimise_lbfgs(std::vector<double>& x, const Objective& objective,
                           const LbfgsOptions& options = {});

}  // namespace orthrus
