// StepLosses: the loss of each step, from the epoch's sums that a step reports.
#pragma once

#include <limits>
#include <utility>
#include <vector>

#include "train/observer.h"

namespace orthrus {

class StepLosses {
 public:
  // Of the step that is reported, the mean over its labels, by task; NaN for a task without any.
  std::vector<double> next(const StepReport& report) {
    const std::vector<MetricSums>& now = report.epoch_sums;
    if (report.batch == 1 || before_.size() != now.size()) before_.assign(now.size(), {});
    std::vector<double> losses(now.size(), std::numeric_limits<double>::quiet_NaN());
    for (size_t task = 0; task < now.size(); ++task) {
      const double labels = now[task].weight - before_[task].weight;
      if (labels > 0) losses[task] = (now[task].loss - before_[task].loss) / labels;
    }
    before_ = now;
    return losses;
  }

  // The training now stands in an epoch with these sums.
  void go_on_from(std::vector<MetricSums> epoch_sums) { before_ = std::move(epoch_sums); }

 private:
  std::vector<MetricSums> before_;  // the epoch's sums before the next step
};

}  // namespace orthrus
