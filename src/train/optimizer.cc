#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {
namespace {

struct RuleEntry {
  std::string_view name;
  UpdateRule rule;
  bool has_second;
};
constexpr std::array<RuleEntry, 3> kRules = {{
    {"sgd", UpdateRule::kSgd, false},
    {"nesterov", UpdateRule::kNesterov, false},
    {"adamw", UpdateRule::kAdamW, true},
}};

const RuleEntry& rule_named(const std::string& name) {
  const auto found = std::ranges::find(kRules, name, &RuleEntry::name);
  if (found != kRules.end()) return *found;
  throw usage_error("there is no optimizer '{}'", name)
      .with_hint(did_you_mean(name, optimizer_names()));
}

bool decays(const std::string& name) {
  return name.ends_with("_weight") || name.ends_with("_gamma");
}

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const RuleEntry& entry : kRules) names.emplace_back(entry.name);
  return names;
}

Optimizer::Optimizer(Plan& plan, const OptimizerOptions& options)
    : plan_(plan), options_(options), rule_(rule_named(options.name).rule) {
  size_t count = 0;
  for (const PlanParameter& parameter : plan.parameters()) {
    if (parameter.trainable) count += DeviceFloats::aligned(parameter.values.size());
  }
  Device& device = plan.device();
  first_ = DeviceFloats(device, count);
  second_ = DeviceFloats(device, rule_named(options.name).has_second ? count : 0);
  gradients_ = DeviceFloats(device, options.clip_norm > 0 || options.accumulates ? count : 0);
  for (const PlanParameter& parameter : plan.parameters()) {
    Slot slot;
    if (parameter.trainable) {
      const double by_name = decays(parameter.name) ? 1 : 0;
      const double multiplier = parameter.wd_mult >= 0 ? parameter.wd_mult : by_name;
      slot.first = first_.take(parameter.values.size());
      slot.second = second_.take(parameter.values.size());
      slot.gradient = gradients_.take(parameter.values.size());
      const auto factor = options.lr_factors.find(parameter.name);
      slot.lr_factor =
          parameter.lr_mult * (factor == options.lr_factors.end() ? 1 : factor->second);
      slot.weight_decay = multiplier * options.weight_decay;
    }
    slots_.push_back(slot);
  }
  numbers_.resize(slots_.size());
  device_numbers_ = device.allocate(numbers_.size() * sizeof(UpdateNumbers));
}

void Optimizer::set_step(double learning_rate, double rescale_gradient, int64_t update) {
  learning_rate_ = learning_rate;
  rescale_ = rescale_gradient;
  update_ = update;
  send_numbers(1);
}

void Optimizer::update(int index, std::span<const float> gradient) {
  const Slot& slot = slots_[static_cast<size_t>(index)];
  if (slot.first.empty()) return;
  if (slot.gradient.empty()) {
    apply(static_cast<size_t>(index), gradient);
  } else if (options_.accumulates) {
    plan_.device().accumulate(gradient.data(), slot.gradient.data(), std::ssize(gradient));
  } else {
    plan_.device().copy(std::as_bytes(gradient).data(),
                        std::as_writable_bytes(slot.gradient).data(), gradient.size_bytes());
  }
}

void Optimizer::finish_step() {
  if (gradients_.empty()) return;
  Device& device = plan_.device();
  const std::span<float> all = gradients_.all();
  if (options_.clip_norm > 0) {
    // As PyTorch's clip_grad_norm_.
    const double norm = rescale_ * std::sqrt(device.sum_of_squares(all.data(), std::ssize(all)));
    send_numbers(std::min(1.0, options_.clip_norm / (norm + 1e-6)));
  }
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].gradient.empty()) apply(i, slots_[i].gradient);
  }
  if (options_.accumulates) {
    device.fill_zero(std::as_writable_bytes(all).data(), all.size_bytes());
  }
}

void Optimizer::send_numbers(double scale) {
  const auto t = static_cast<double>(update_);
  const UpdateNumbers common = {
      .learning_rate = 0,
      .rescale = static_cast<float>(rescale_ * scale),
      .clip = static_cast<float>(options_.clip_gradient),
      .weight_decay = 0,
      .momentum = static_cast<float>(options_.momentum),
      .beta1 = static_cast<float>(options_.beta1),
      .beta2 = static_cast<float>(options_.beta2),
      .epsilon = static_cast<float>(options_.epsilon),
      .correction1 = static_cast<float>(1 - std::pow(options_.beta1, t)),
      .correction2 = static_cast<float>(1 - std::pow(options_.beta2, t)),
  };
  for (size_t i = 0; i < slots_.size(); ++i) {
    numbers_[i] = common;
    numbers_[i].learning_rate = static_cast<float>(learning_rate_ * slots_[i].lr_factor);
    numbers_[i].weight_decay = static_cast<float>(slots_[i].weight_decay);
  }
  plan_.device().upload(std::as_bytes(std::span(numbers_)).data(), device_numbers_.get(),
                        numbers_.size() * sizeof(UpdateNumbers));
}

void Optimizer::apply(size_t index, std::span<const float> gradient) {
  const Slot& slot = slots_[index];
  const std::span<float> weight = plan_.parameters()[index].values;
  const auto* numbers = reinterpret_cast<const UpdateNumbers*>(device_numbers_.get()) + index;
  plan_.device().update(rule_, numbers, gradient.data(), slot.first.data(), slot.second.data(),
                        weight.data(), std::ssize(weight));
}

size_t Optimizer::size_bytes() const {
  return first_.size_bytes() + second_.size_bytes() + gradients_.size_bytes();
}

NamedTensors Optimizer::tensors_of(std::span<float> Slot::*buffer) const {
  NamedTensors tensors;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const std::span<float> values = slots_[i].*buffer;
    if (values.empty()) continue;
    tensors[plan_.parameters()[i].name] =
        plan_.to_canonical(static_cast<int>(i), std::as_bytes(values));
  }
  return tensors;
}

NamedTensors Optimizer::first_moments() const {
  return tensors_of(&Slot::first);
}

NamedTensors Optimizer::second_moments() const {
  return tensors_of(&Slot::second);
}

void Optimizer::restore(const NamedTensors& state, std::span<float> Slot::*buffer,
                        std::string_view what) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    const std::span<float> values = slots_[i].*buffer;
    if (values.empty()) continue;
    const std::string& name = plan_.parameters()[i].name;
    const auto found = state.find(name);
    if (found == state.end()) throw input_error("the {} of '{}' is missing", what, name);
    plan_.from_canonical(static_cast<int>(i), found->second, std::as_writable_bytes(values));
  }
}

void Optimizer::restore(const NamedTensors& first, const NamedTensors& second) {
  restore(first, &Slot::first, "momentum");
  restore(second, &Slot::second, "second moment");
}

}  // namespace orthrus
