#include "train/weight_average.h"

#include <algorithm>

#include "base/error.h"
#include "base/threads.h"
#include "train/update_rules.h"

namespace orthrus {

WeightAverage::WeightAverage(const Plan& plan, double decay,
                             const std::set<std::string, std::less<>>& frozen)
    : plan_(plan), decay_(decay) {
  if (decay <= 0) return;
  const auto parameters = plan.parameters();
  size_t count = 0;
  for (const PlanParameter& parameter : parameters) {
    if (!frozen.contains(parameter.name)) count += parameter.values.size();
  }
  averages_ = Tensor::zeros({static_cast<int64_t>(count)});
  std::span<float> free = averages_.data();
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (frozen.contains(parameters[i].name)) continue;
    const size_t size = parameters[i].values.size();
    slots_.push_back({.index = static_cast<int>(i), .average = free.first(size)});
    free = free.subspan(size);
  }
  restart();
}

void WeightAverage::restart() {
  for (const Slot& slot : slots_) {
    std::ranges::copy(plan_.parameters()[static_cast<size_t>(slot.index)].values,
                      slot.average.begin());
  }
}

void WeightAverage::add(int64_t update) {
  const auto t = static_cast<double>(update);
  const auto decay = static_cast<float>(std::min(decay_, (1 + t) / (10 + t)));
  for (const Slot& slot : slots_) {
    const std::span<const float> weight =
        plan_.parameters()[static_cast<size_t>(slot.index)].values;
    parallel_for(std::ssize(weight), [&](int64_t begin, int64_t end) {
      average_rule(decay, weight.data() + begin, slot.average.data() + begin, end - begin);
    });
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
