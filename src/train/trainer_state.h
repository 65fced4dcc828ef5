// Everything that lives on in a training from one step to the next.
#pragma once

#include <cstdint>
#include <vector>

#include "data/sampler.h"
#include "tasks/metrics.h"
#include "tensor/tensor.h"

namespace orthrus {

struct TrainerState {
  int epoch = 0;
  LoaderState loader;
  int64_t updates = 0;      // done in this training: drives the schedule and the dropout masks
  NamedTensors parameters;  // with running statistics; row-major
  NamedTensors momentum;    // row-major
  std::vector<MetricSums> epoch_sums;   // of each task since the epoch's start
  std::vector<MetricSums> window_sums;  // since the last speed line
};

}  // namespace orthrus
