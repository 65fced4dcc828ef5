#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {
namespace {

struct RuleEntry {
  std::string_view name;
  UpdateRule rule;
  bool has_second;
  bool adapts;  // the rate of each weight goes by norms
};
constexpr std::array<RuleEntry, 5> kRules = {{
    {"sgd", UpdateRule::kSgd, false, false},
    {"nesterov", UpdateRule::kNesterov, false, false},
    {"adamw", UpdateRule::kAdamW, true, false},
    {"lars", UpdateRule::kSgd, false, true},
    {"lamb", UpdateRule::kAdamW, true, true},
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
  const RuleEntry& rule = rule_named(options.name);
  const bool looks_at_all = rule.adapts || options.clip_norm > 0 || options.clip_adaptive > 0 ||
                            options.accumulates || options.climbs;
  size_t count = 0, largest = 0, with_frozen = 0;
  for (const PlanParameter& parameter : plan.parameters()) {
    const size_t own = DeviceFloats::aligned(parameter.values.size());
    with_frozen += own;
    if (!parameter.trainable) continue;
    count += own;
    largest = std::max(largest, own);
  }
  Device& device = plan.device();
  first_ = DeviceFloats(device, count);
  second_ = DeviceFloats(device, rule.has_second ? count : 0);
  gradients_ = DeviceFloats(device, looks_at_all ? count : 0);
  direction_ = DeviceFloats(device, rule.adapts && rule.has_second ? largest : 0);
  before_climb_ = DeviceFloats(device, options.climbs ? with_frozen : 0);
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
      slot.adapts = rule.adapts && parameter.name.ends_with("_weight");
      slot.is_bounded = options.clip_adaptive > 0 && !options.not_adaptive.contains(parameter.name);
    }
    slot.before_climb = before_climb_.take(parameter.values.size());
    slots_.push_back(slot);
  }
  numbers_.resize(slots_.size());
  device_numbers_ = device.allocate(numbers_.size() * sizeof(UpdateNumbers));
}

void Optimizer::set_step(double learning_rate, double rescale_gradient, int64_t update) {
  learning_rate_ = learning_rate;
  rescale_ = rescale_gradient;
  update_ = update;
  if (!gradients_.empty()) return;  // finish_step() does it, when it knows the norms
  set_numbers(1);
  send_numbers();
}

void Optimizer::update(int index, std::span<const float> gradient) {
  const Slot& slot = slots_[static_cast<size_t>(index)];
  if (slot.first.empty()) return;
  if (slot.gradient.empty()) {
    apply(static_cast<size_t>(index), gradient);
  } else if (options_.accumulates) {
    plan_.device().add_scaled(1, gradient.data(), slot.gradient.data(), std::ssize(gradient));
  } else {
    plan_.device().copy(std::as_bytes(gradient).data(),
                        std::as_writable_bytes(slot.gradient).data(), gradient.size_bytes());
  }
}

void Optimizer::finish_step() {
  if (gradients_.empty()) return;
  const std::span<float> all = gradients_.all();
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].is_bounded) bound(i);
  }
  double scale = 1;
  if (options_.clip_norm > 0) {  // as PyTorch's clip_grad_norm_
    scale = std::min(1.0, options_.clip_norm / (rescale_ * norm(all) + 1e-6));
  }
  set_numbers(scale);
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].adapts) continue;
    if (is_lamb()) {
      numbers_[i].learning_rate = 1;
      numbers_[i].weight_decay = 0;
    } else {
      numbers_[i].learning_rate *= static_cast<float>(lars_factor(i, scale));
    }
  }
  send_numbers();
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.gradient.empty()) continue;
    if (slot.adapts && is_lamb()) {
      apply_lamb(i, slot.gradient);
    } else {
      apply(i, slot.gradient);
    }
  }
  if (options_.accumulates) {
    plan_.device().fill_zero(std::as_writable_bytes(all).data(), all.size_bytes());
  }
}

void Optimizer::climb(double radius) {
  Device& device = plan_.device();
  const double length = norm(gradients_.all());
  const auto factor = static_cast<float>(length > 0 ? radius / length : 0);
  for (size_t i = 0; i < slots_.size(); ++i) {
    const std::span<float> values = plan_.parameters()[i].values;
    device.copy(std::as_bytes(values).data(), std::as_writable_bytes(slots_[i].before_climb).data(),
                values.size_bytes());
    if (slots_[i].gradient.empty()) continue;
    device.add_scaled(factor, slots_[i].gradient.data(), values.data(), std::ssize(values));
  }
}

void Optimizer::return_from_climb() {
  for (size_t i = 0; i < slots_.size(); ++i) {
    const std::span<float> values = plan_.parameters()[i].values;
    plan_.device().copy(std::as_bytes(slots_[i].before_climb).data(),
                        std::as_writable_bytes(values).data(), values.size_bytes());
  }
}

double Optimizer::norm(std::span<const float> values) const {
  return std::sqrt(plan_.device().sum_of_squares(values.data(), std::ssize(values)));
}

// Brock et al. 2021 (arXiv:2102.06171), equation 3, with the bounds of timm's adaptive_clip_grad.
void Optimizer::bound(size_t index) {
  const Slot& slot = slots_[index];
  const int parameter = static_cast<int>(index);
  const Tensor weight =
      plan_.to_canonical(parameter, std::as_bytes(plan_.parameters()[index].values));
  Tensor gradient = plan_.to_canonical(parameter, std::as_bytes(slot.gradient));
  const Shape& shape = gradient.shape();
  const int64_t outputs = shape.rank() > 1 ? shape[0] : 1;
  const auto width = static_cast<size_t>(shape.elements() / std::max<int64_t>(outputs, 1));
  const auto norm_of = [](std::span<const float> values) {
    return std::sqrt(std::transform_reduce(values.begin(), values.end(), 0.0, std::plus<>(),
                                           [](double value) { return value * value; }));
  };
  bool changed = false;
  for (size_t output = 0; output < static_cast<size_t>(outputs); ++output) {
    const std::span<float> own = gradient.data().subspan(output * width, width);
    const double weights = norm_of(weight.data().subspan(output * width, width));
    const double most = options_.clip_adaptive * std::max(weights, 1e-3);
    const double length = rescale_ * norm_of(own);
    if (length <= most) continue;
    const auto factor = static_cast<float>(most / std::max(length, 1e-6));
    for (float& value : own) value *= factor;
    changed = true;
  }
  if (changed) plan_.from_canonical(parameter, gradient, std::as_writable_bytes(slot.gradient));
}

// You et al. 2017 (arXiv:1708.03888), algorithm 1.
double Optimizer::lars_factor(size_t index, double scale) const {
  const double weight = norm(plan_.parameters()[index].values);
  const double gradient = rescale_ * scale * norm(slots_[index].gradient);
  if (weight == 0 || gradient == 0) return 1;
  return options_.trust * weight / (gradient + slots_[index].weight_decay * weight);
}

// You et al. 2020 (arXiv:1904.00962), algorithm 2: AdamW's direction from zero, then the decay, in
// steps whose length is a share of the weights'.
void Optimizer::apply_lamb(size_t index, std::span<const float> gradient) {
  Device& device = plan_.device();
  const Slot& slot = slots_[index];
  const std::span<float> weight = plan_.parameters()[index].values;
  const std::span<float> direction = direction_.all().first(weight.size());
  device.fill_zero(std::as_writable_bytes(direction).data(), direction.size_bytes());
  update_array(index, gradient, direction);
  device.add_scaled(static_cast<float>(-slot.weight_decay), weight.data(), direction.data(),
                    std::ssize(weight));
  const double length = norm(weight), step = norm(direction);
  const double ratio = length > 0 && step > 0 ? length / step : 1;
  device.add_scaled(static_cast<float>(learning_rate_ * slot.lr_factor * ratio), direction.data(),
                    weight.data(), std::ssize(weight));
}

void Optimizer::set_numbers(double scale) {
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
}

void Optimizer::send_numbers() {
  plan_.device().upload(std::as_bytes(std::span(numbers_)).data(), device_numbers_.get(),
                        numbers_.size() * sizeof(UpdateNumbers));
}

void Optimizer::apply(size_t index, std::span<const float> gradient) {
  update_array(index, gradient, plan_.parameters()[index].values);
}

void Optimizer::update_array(size_t index, std::span<const float> gradient,
                             std::span<float> weight) {
  const Slot& slot = slots_[index];
  const auto* numbers = reinterpret_cast<const UpdateNumbers*>(device_numbers_.get()) + index;
  plan_.device().update(rule_, numbers, gradient.data(), slot.first.data(), slot.second.data(),
                        weight.data(), std::ssize(weight));
}

size_t Optimizer::size_bytes() const {
  return first_.size_bytes() + second_.size_bytes() + gradients_.size_bytes() +
         direction_.size_bytes() + before_climb_.size_bytes();
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

std::string Optimizer::first_not_finite() const {
  for (size_t i = 0; i < slots_.size(); ++i) {
    for (const std::span<float> values : {slots_[i].first, slots_[i].second}) {
      if (values.empty()) continue;
      const BufferDesc desc = plain_desc({std::ssize(values)});
      if (!plan_.device().all_finite(desc, std::as_bytes(values).data())) {
        return plan_.parameters()[i].name;
      }
    }
  }
  return {};
}

void Optimizer::restore(const NamedTensors& first, const NamedTensors& second) {
  const std::span<float> gradients = gradients_.all();
  plan_.device().fill_zero(std::as_writable_bytes(gradients).data(), gradients.size_bytes());
  restore(first, &Slot::first, "momentum");
  restore(second, &Slot::second, "second moment");
}

}  // namespace orthrus
