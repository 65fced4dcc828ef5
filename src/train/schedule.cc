#include "train/schedule.h"

#include <algorithm>

namespace orthrus {

double MultiFactorSchedule::rate(int64_t update) const {
  // Multiplied step by step, as MXNet does, so that the rounding is the same.
  double rate = base;
  for (const int64_t step : steps) {
    if (update > step) rate *= factor;
  }
  return rate;
}

std::vector<int64_t> classic_steps(int64_t num_examples, int64_t batch_size) {
  const int64_t epoch = std::max<int64_t>(num_examples / batch_size, 1);
  return {5 * epoch, 10 * epoch};
}

}  // namespace orthrus
