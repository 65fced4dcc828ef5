// The epochs that a training has behind it: what metrics.csv holds, and which of them is the best.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tasks/metrics.h"
#include "tasks/task.h"

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

// What an epoch is judged by: the mean over the tasks of the accuracy in validation; nothing where
// there was none, since training accuracy says little about other pictures.
[[nodiscard]] std::optional<double> score(const EpochReport& epoch);

// Index of the epoch with the highest score, the earliest of equal ones; without validation the
// last one. -1 when there is none.
[[nodiscard]] int best_epoch(std::span<const EpochReport> history);

// A header, and a row for each epoch and task. Numbers are written so that they read back exactly;
// a cell is empty where there is no value.
[[nodiscard]] std::string metrics_csv(std::span<const EpochReport> history,
                                      const std::vector<Task>& tasks);

}  // namespace orthrus
