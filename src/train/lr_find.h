// The learning rate finder (Smith 2017, arXiv:1506.01186, section 3.3): a training of a few steps
// in which the rate grows from step to step; the loss falls, then rises again. Nothing is written
// and the model stays as it is.
#pragma once

#include <string>
#include <vector>

#include "train/run.h"

namespace orthrus {

struct LrFindOptions {
  double first = 1e-6;  // rate of the first step
  double last = 1;      // and of the last one
  int steps = 100;
};

struct LrFindPoint {
  double rate = 0;
  double loss = 0;      // sum over the tasks, of this batch
  double smoothed = 0;  // moving average with bias correction
};

struct LrFindResult {
  std::vector<LrFindPoint> curve;
  // The rate at which the smoothed loss falls most steeply for a relative growth of the rate, a
  // good one for a training; 0 when it never falls.
  double suggestion = 0;
};

// Where the smoothed loss falls most steeply, of the points between the first tenth and the lowest
// one.
[[nodiscard]] double steepest_rate(const std::vector<LrFindPoint>& curve);

// Steps until the smoothed loss is over four times its least value, or no number. Throws as
// run_training() before its first step.
[[nodiscard]] LrFindResult find_learning_rate(const TrainRequest& request,
                                              const LrFindOptions& options, Backend& backend,
                                              TrainObserver& observer);

// The curve as a picture of its own, the rate on a logarithmic axis.
[[nodiscard]] std::string lr_find_svg(const LrFindResult& result);

}  // namespace orthrus
