// Minimising over weights that are at least 0 and sum to 1, as two of the weightings by gradients
// do: one weight for each task.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace orthrus {

// Writes the derivatives of a convex function by each of the weights.
using SimplexGradient =
    std::function<void(std::span<const double> weights, std::span<double> gradient)>;

// The `size` weights, from equal ones on, at which no weight that could give to another one has a
// larger derivative than it (the condition of the minimum), but for `tolerance` times the largest
// derivative. Weight moves between the two that break it most, by bisection (the choice of Platt's
// sequential minimal optimisation, 1998); at most 500 times.
[[nodiscard]] std::vector<double> minimise_on_simplex(size_t size, const SimplexGradient& gradient,
                                                      double tolerance = 1e-10);

}  // namespace orthrus
