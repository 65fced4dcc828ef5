// Small systems of linear equations, as the weightings by gradients solve them: one unknown for
// each task.
#pragma once

#include <vector>

namespace orthrus {

// Row i: the coefficients of equation i, then its right side.
using LinearSystem = std::vector<std::vector<double>>;

// By Gauss with the largest pivot; empty when there is no single solution.
[[nodiscard]] std::vector<double> solve(LinearSystem rows);

}  // namespace orthrus
