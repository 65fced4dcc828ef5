// What a training tells the outside while it runs. The library prints nothing: whoever starts a
// training passes an observer that writes the log, draws the progress bar, or collects for a test.
#pragma once

#include <string_view>
#include <vector>

#include "tasks/metrics.h"

namespace orthrus {

// After each step.
struct StepReport {
  int epoch = 0;
  int end_epoch = 0;    // the first one that is not trained
  int64_t batch = 0;    // of the epoch, from 1
  int64_t batches = 0;  // of an epoch
  int64_t update = 0;   // of this training, from 1
  int pictures = 0;     // real ones of this batch
  double learning_rate = 0;
  std::vector<MetricSums> epoch_sums;  // of each task, over this epoch so far
};

// After each epoch.
struct EpochReport {
  int epoch = 0;
  double seconds = 0;  // of the training part
  std::vector<MetricSums> train;
  std::vector<MetricSums> validation;  // empty without a validation list
};

class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  // A line as MXNet's fit() logs it, without a newline: "Epoch[0] Time cost=12.345".
  virtual void log(std::string_view line) = 0;
  // Something a person should know, but no script waits for.
  virtual void note(std::string_view text) = 0;
  virtual void warn(std::string_view text) = 0;
  // What these two throw ends the training.
  virtual void after_step(const StepReport& report) = 0;
  virtual void after_epoch(const EpochReport& report) = 0;
};

}  // namespace orthrus
