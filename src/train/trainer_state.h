// Everything that lives on in a training from one step to the next.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/sampler.h"
#include "tasks/metrics.h"
#include "tensor/tensor.h"
#include "train/history.h"

namespace orthrus {

// What decides where a rollback leads.
struct RollbackRecord {
  int64_t to = -1, failed_at = 0;  // updates, of the last rollback; -1: there was none
  int tries = 0;                   // of rollbacks in a row to there
  size_t best_from = 0;            // the epochs before have no claim to best.safetensors
};

struct TrainerState {
  int epoch = 0;
  LoaderState loader;
  int64_t updates = 0;      // done in this training: drives the schedule and the dropout masks
  NamedTensors parameters;  // with running statistics; row-major
  NamedTensors momentum;    // or first moment; row-major
  NamedTensors second_moment = {};      // of an optimizer that has one
  NamedTensors average = {};            // moving average of the parameters, where there is one
  std::vector<MetricSums> epoch_sums;   // of each task since the epoch's start
  std::vector<MetricSums> window_sums;  // since the last speed line
  std::vector<EpochReport> history;     // the epochs that are done
  int rollbacks = 0;                    // how often the rate was lowered after a value that is none
  RollbackRecord rollback = {};
  // In a checkpoint that was written because the training was stopped: the updates of the last one
  // that was due. A training that is left alone has no such checkpoint, so none goes back to it.
  std::optional<int64_t> stopped_after = {};
  uint64_t log_size = 0;             // bytes of the log at this moment
  std::vector<double> weighting;     // what the loss weighting keeps
  std::vector<double> task_weights;  // of the last step
  uint64_t frozen = 0;               // identity of the frozen part's values; 0: there is none
};

}  // namespace orthrus
