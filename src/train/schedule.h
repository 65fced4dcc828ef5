// Learning rate as a function of the number of the update, after MXNet's MultiFactorScheduler
// (python/mxnet/lr_scheduler.py in MXNet 1.9.1). It has no state of its own.
#pragma once

#include <cstdint>
#include <vector>

namespace orthrus {

struct MultiFactorSchedule {
  double base = 0.01;
  double factor = 0.1;
  std::vector<int64_t> steps;  // ascending; an update whose number is over steps[i] is decayed

  // Rate of update number `update`, counted from 1.
  [[nodiscard]] double rate(int64_t update) const;
};

// The steps of the multi-task-MXNet script: epochs 5 and 10, an epoch being num_examples /
// batch_size updates whatever the list's length, at least one.
[[nodiscard]] std::vector<int64_t> classic_steps(int64_t num_examples, int64_t batch_size);

}  // namespace orthrus
