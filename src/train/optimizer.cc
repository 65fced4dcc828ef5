#include "train/optimizer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/suggest.h"
#include "base/threads.h"

namespace orthrus {
namespace {

struct RuleEntry {
  std::string_view name;
  UpdateRule rule;
  bool has_second;
};
constexpr std::array<RuleEntry, 3> kRules = {{
    {"sgd", sgd_rule, false},
    {"nesterov", nesterov_rule, false},
    {"adamw", adamw_rule, true},
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

// Deals spans out of one tensor.
class Pool {
 public:
  Pool(Tensor& tensor, size_t count) {
    if (count == 0) return;
    tensor = Tensor::zeros({static_cast<int64_t>(count)});
    free_ = tensor.data();
  }
  std::span<float> take(size_t count) {
    if (free_.empty()) return {};
    const std::span<float> taken = free_.first(count);
    free_ = free_.subspan(count);
    return taken;
  }

 private:
  std::span<float> free_;
};

// In blocks of a fixed size, so that the number of threads changes no rounding.
double sum_of_squares(std::span<const float> values) {
  constexpr int64_t kBlock = 65536;
  const auto count = std::ssize(values);
  std::vector<double> sums(static_cast<size_t>((count + kBlock - 1) / kBlock));
  parallel_for(std::ssize(sums), [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      double sum = 0;
      for (int64_t i = block * kBlock; i < std::min((block + 1) * kBlock, count); ++i) {
        const double value = values[static_cast<size_t>(i)];
        sum += value * value;
      }
      sums[static_cast<size_t>(block)] = sum;
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
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
    if (parameter.trainable) count += parameter.values.size();
  }
  Pool first(first_, count);
  Pool second(second_, rule_named(options.name).has_second ? count : 0);
  Pool gradients(gradients_, options.clip_norm > 0 ? count : 0);
  for (const PlanParameter& parameter : plan.parameters()) {
    Slot slot;
    if (parameter.trainable) {
      const double by_name = decays(parameter.name) ? 1 : 0;
      const double multiplier = parameter.wd_mult >= 0 ? parameter.wd_mult : by_name;
      slot.first = first.take(parameter.values.size());
      slot.second = second.take(parameter.values.size());
      slot.gradient = gradients.take(parameter.values.size());
      const auto factor = options.lr_factors.find(parameter.name);
      slot.lr_factor =
          parameter.lr_mult * (factor == options.lr_factors.end() ? 1 : factor->second);
      slot.weight_decay = multiplier * options.weight_decay;
    }
    slots_.push_back(slot);
  }
}

void Optimizer::set_step(double learning_rate, double rescale_gradient, int64_t update) {
  learning_rate_ = learning_rate;
  rescale_ = rescale_gradient;
  update_ = update;
}

void Optimizer::update(int index, std::span<const float> gradient) {
  const Slot& slot = slots_[static_cast<size_t>(index)];
  if (slot.first.empty()) return;
  if (slot.gradient.empty()) {
    apply(static_cast<size_t>(index), gradient, 1);
  } else {
    std::ranges::copy(gradient, slot.gradient.begin());
  }
}

void Optimizer::finish_step() {
  if (gradients_.empty()) return;
  double squares = 0;
  for (const Slot& slot : slots_) squares += sum_of_squares(slot.gradient);
  // As PyTorch's clip_grad_norm_.
  const double norm = rescale_ * std::sqrt(squares);
  const double scale = std::min(1.0, options_.clip_norm / (norm + 1e-6));
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].gradient.empty()) apply(i, slots_[i].gradient, scale);
  }
}

void Optimizer::apply(size_t index, std::span<const float> gradient, double scale) {
  // Below this size the threads' start costs more than the loop.
  constexpr int64_t kSerialCount = 16384;
  const Slot& slot = slots_[index];
  const std::span<float> weight = plan_.parameters()[index].values;
  const auto t = static_cast<double>(update_);
  const UpdateNumbers numbers = {
      .learning_rate = static_cast<float>(learning_rate_ * slot.lr_factor),
      .rescale = static_cast<float>(rescale_ * scale),
      .clip = static_cast<float>(options_.clip_gradient),
      .weight_decay = static_cast<float>(slot.weight_decay),
      .momentum = static_cast<float>(options_.momentum),
      .beta1 = static_cast<float>(options_.beta1),
      .beta2 = static_cast<float>(options_.beta2),
      .epsilon = static_cast<float>(options_.epsilon),
      .correction1 = static_cast<float>(1 - std::pow(options_.beta1, t)),
      .correction2 = static_cast<float>(1 - std::pow(options_.beta2, t)),
  };
  const auto part = [&](int64_t begin, int64_t end) {
    float* second = slot.second.empty() ? nullptr : slot.second.data() + begin;
    rule_(numbers, gradient.data() + begin, slot.first.data() + begin, second,
          weight.data() + begin, end - begin);
  };
  const auto count = std::ssize(weight);
  if (count <= kSerialCount) {
    part(0, count);
  } else {
    parallel_for(count, part);
  }
}

size_t Optimizer::size_bytes() const {
  size_t sum = 0;
  for (const Tensor* tensor : {&first_, &second_, &gradients_}) {
    if (!tensor->empty()) sum += tensor->size_bytes();
  }
  return sum;
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
