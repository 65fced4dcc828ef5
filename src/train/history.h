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
  std::vector<double> task_weights;    // of the losses, as they were in the last step
  // What the epoch is judged by (train/best_by.h); nothing without a validation list.
  std::optional<double> score;
};

// Index of the best epoch, the earliest of equal ones; -1 when there is none.
[[nodiscard]] int best_epoch(std::span<const EpochReport> history, bool higher_is_better);

// Whether `patience` epochs came after the best one; never with a patience of 0.
[[nodiscard]] bool has_stalled(std::span<const EpochReport> history, bool higher_is_better,
                               int patience);

// How often the learning rate has been cut: each time that `patience` epochs in a row were no
// better than the best one before them, counted anew after a cut.
[[nodiscard]] int plateau_cuts(std::span<const EpochReport> history, bool higher_is_better,
                               int patience);

}  // namespace orthrus
