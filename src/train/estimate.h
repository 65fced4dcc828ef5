// How long a training would take and how much memory, from a few steps that are measured and thrown
// away.
#pragma once

#include "exec/plan.h"
#include "train/feature_caching.h"
#include "train/prepare.h"

namespace orthrus {

struct TrainingEstimate {
  PlanMemory trained_part;
  size_t optimizer_bytes = 0;
  CachingPlan caching;
  // Seconds:
  double step = 0;        // of one batch, its features at hand where they are kept
  double epoch = 0;       // of training alone
  double validation = 0;  // after each epoch
  double before = 0;      // the first epoch: features that are kept, heads that come first

  [[nodiscard]] double of(int epochs) const { return before + (epoch + validation) * epochs; }
};

// `prepared` has lost its model afterwards.
[[nodiscard]] TrainingEstimate estimate_training(PreparedTraining& prepared, Backend& backend,
                                                 TrainObserver& observer);

}  // namespace orthrus
