#include "train/weight_average.h"

#include <algorithm>

#include "base/error.h"

namespace orthrus {

WeightAverage::WeightAverage(const Plan& plan, bool active,
                             const std::set<std::string, std::less<>>& frozen)
    : plan_(plan) {
  if (!active) return;
  const auto parameters = plan.parameters();
  size_t count = 0;
  for (const PlanParameter& parameter : parameters) {
    if (!frozen.contains(parameter.name)) count += DeviceFloats::aligned(parameter.values.size());
  }
  averages_ = DeviceFloats(plan.device(), count);
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (frozen.contains(parameters[i].name)) continue;
    slots_.push_back(
        {.index = static_cast<int>(i), .average = averages_.take(parameters[i].values.size())});
  }
  restart();
}

void WeightAverage::restart() {
  for (const Slot& slot : slots_) {
    const std::span<const float> weight =
        plan_.parameters()[static_cast<size_t>(slot.index)].values;
    plan_.device().copy(std::as_bytes(weight).data(), std::as_writable_bytes(slot.average).data(),
                        weight.size_bytes());
  }
}

void WeightAverage::add_moving(double decay, int64_t update) {
  const auto t = static_cast<double>(update);
  keep(std::min(decay, (1 + t) / (10 + t)));
}

void WeightAverage::add_equally(int count) {
  keep(1 - 1.0 / count);
}

void WeightAverage::keep(double share) {
  for (const Slot& slot : slots_) {
    const std::span<const float> weight =
        plan_.parameters()[static_cast<size_t>(slot.index)].values;
    plan_.device().average(static_cast<float>(share), weight.data(), slot.average.data(),
                           std::ssize(weight));
  }
}

NamedTensors WeightAverage::values() const {
  NamedTensors values;
  for (const Slot& slot : slots_) {
    values[plan_.parameters()[static_cast<size_t>(slot.index)].name] =
        plan_.to_canonical(slot.index, std::as_bytes(slot.average));
  }
  return values;
}

void WeightAverage::restore(const NamedTensors& values) {
  for (const Slot& slot : slots_) {
    const std::string& name = plan_.parameters()[static_cast<size_t>(slot.index)].name;
    const auto found = values.find(name);
    if (found == values.end()) throw input_error("the average of '{}' is missing", name);
    plan_.from_canonical(slot.index, found->second, std::as_writable_bytes(slot.average));
  }
}

}  // namespace orthrus
