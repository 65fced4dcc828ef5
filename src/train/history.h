// The epochs that a training has behind it, and which of them is the best.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tasks/metrics.h"

namespace orthrus {

// After each epoch.
struct EpochReport {
  int epoch = 0;
  int64_t updates = 0;  // done in this training
  double learning_rate = 0;
  double seconds = 0;  // of the training part
  std::vector<MetricSums> train;
  std::vector<MetricSums> validation;  // empty without a validation list
};

// What an epoch is judged by: the mean of the accuracy in validation over the tasks that have
// labels there; nothing where none has, since training accuracy says little about other pictures.
[[nodiscard]] std::optional<double> score(const EpochReport& epoch);

// Index of the epoch with the highest score, the earliest of equal ones; without validation the
// last one. -1 when there is none.
[[nodiscard]] int best_epoch(std::span<const EpochReport> history);

}  // namespace orthrus
