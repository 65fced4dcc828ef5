// Everything that lives on in a training from one step to the next.
#pragma once

#include <cstdint>
#include <vector>

#include "data/sampler.h"
#include "tasks/metrics.h"
#include "tensor/tensor.h"
#include "train/history.h"

namespace orthrus {

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
  uint64_t log_size = 0;                // bytes of the log at this moment
  std::vector<double> weighting;        // what the loss weighting keeps
  std::vector<double> task_weights;     // of the last step
  uint64_t frozen = 0;                  // identity of the frozen part's values; 0: there is none
};

}  // namespace orthrus
