#include "train/history.h"

namespace orthrus {

std::optional<double> score(const EpochReport& epoch) {
  double sum = 0;
  int labelled = 0;
  for (const MetricSums& task : epoch.validation) {
    if (task.weight <= 0) continue;
    sum += task.accuracy();
    ++labelled;
  }
  if (labelled == 0) return std::nullopt;
  return sum / labelled;
}

int best_epoch(std::span<const EpochReport> history) {
  int best = -1;
  std::optional<double> highest;
  for (size_t i = 0; i < history.size(); ++i) {
    const std::optional<double> value = score(history[i]);
    if (value && highest && *value <= *highest) continue;
    if (!value && highest) continue;
    highest = value;
    best = static_cast<int>(i);
  }
  return best;
}

}  // namespace orthrus
