#include "tasks/weighting/linear_system.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace orthrus {

std::vector<double> solve(LinearSystem rows) {
  constexpr double kSingular = 1e-12;
  double largest = 0;
  for (const std::vector<double>& row : rows) {
    for (const double value : row) largest = std::max(largest, std::abs(value));
  }
  const size_t size = rows.size();
  for (size_t column = 0; column < size; ++column) {
    const auto best = std::ranges::max_element(
        rows.begin() + static_cast<std::ptrdiff_t>(column), rows.end(), {},
        [&](const std::vector<double>& row) { return std::abs(row[column]); });
    if (std::abs((*best)[column]) <= kSingular * largest) return {};
    std::swap(rows[column], *best);
    for (size_t row = 0; row < size; ++row) {
      if (row == column) continue;
      const double factor = rows[row][column] / rows[column][column];
      for (size_t k = column; k <= size; ++k) rows[row][k] -= factor * rows[column][k];
    }
  }
  std::vector<double> solution(size);
  for (size_t i = 0; i < size; ++i) solution[i] = rows[i][size] / rows[i][i];
  return solution;
}

}  // namespace orthrus
