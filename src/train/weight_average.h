// The average of a plan's parameters and running statistics over many updates, moving or of equal
// shares: often a better model than the last step's. Of what is frozen there is none.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "exec/device_floats.h"
#include "exec/plan.h"

namespace orthrus {

class WeightAverage {
 public:
  // Keeps a reference to the plan. Not `active`: nothing is averaged. `frozen`: parameters that
  // never change. Starts with the plan's values.
  WeightAverage(const Plan& plan, bool active, const std::set<std::string, std::less<>>& frozen);

  [[nodiscard]] bool active() const { return !slots_.empty(); }
  [[nodiscard]] size_t size_bytes() const { return averages_.size_bytes(); }
  // Sets the average to the plan's values.
  void restart();
  // A moving average's next values, after each update, counted from 1. The share that is kept is
  // min(decay, (1 + update) / (10 + update)), so that the first values are forgotten soon
  // (tf.train.ExponentialMovingAverage, num_updates).
  void add_moving(double decay, int64_t update);
  // The `count`-th values, counted from 1, of those whose mean it is.
  void add_equally(int count);

  // By name, row-major.
  [[nodiscard]] NamedTensors values() const;
  // Throws kInput when one is missing or has another shape.
  void restore(const NamedTensors& values);

 private:
  void keep(double share);

  struct Slot {
    int index = 0;             // of the plan's parameters
    std::span<float> average;  // in the device's memory
  };
  const Plan& plan_;
  std::vector<Slot> slots_;
  DeviceFloats averages_;
};

}  // namespace orthrus
