#include "tasks/weighting/simplex.h"

#include <algorithm>
#include <cmath>

namespace orthrus {

std::vector<double> minimise_on_simplex(size_t size, const SimplexGradient& gradient,
                                        double tolerance) {
  constexpr int kMoves = 500, kHalvings = 60;
  if (size == 0) return {};
  std::vector<double> weights(size, 1 / static_cast<double>(size)), slopes(size);
  for (int move = 0; move < kMoves; ++move) {
    gradient(weights, slopes);
    size_t giver = size, taker = 0;
    double largest = 0;
    for (size_t t = 0; t < size; ++t) {
      if (weights[t] > 0 && (giver == size || slopes[t] > slopes[giver])) giver = t;
      if (slopes[t] < slopes[taker]) taker = t;
      largest = std::max(largest, std::abs(slopes[t]));
    }
    if (slopes[giver] - slopes[taker] <= tolerance * largest) break;
    // Along the line on which one gives to the other the slope grows: its zero, or the end.
    const double had = weights[giver], to = weights[taker];
    const auto give = [&](double amount) {
      weights[giver] = had - amount;
      weights[taker] = to + amount;
      gradient(weights, slopes);
      return slopes[taker] - slopes[giver] < 0;  // more would be better still
    };
    if (give(had)) continue;
    double low = 0, high = had;
    for (int i = 0; i < kHalvings; ++i) (give((low + high) / 2) ? low : high) = (low + high) / 2;
    give(high);
    if (high == low || high < 1e-15) break;  // as near as doubles come
  }
  return weights;
}

}  // namespace orthrus
