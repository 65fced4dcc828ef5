#include "train/sgd.h"

#include <algorithm>

#include "base/error.h"
#include "base/threads.h"

namespace orthrus {
namespace {

struct Coefficients {
  float momentum = 0;
  float learning_rate = 0;
  float rescale = 1;
  float weight_decay = 0;
  float clip = 0;
};

// Separate loops with and without clipping, so that both are vectorised.
void update_range(const Coefficients& c, const float* gradient, float* momentum, float* weight,
                  int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float g = c.rescale * gradient[i] + c.weight_decay * weight[i];
    momentum[i] = c.momentum * momentum[i] - c.learning_rate * g;
    weight[i] += momentum[i];
  }
}

void update_range_clipped(const Coefficients& c, const float* gradient, float* momentum,
                          float* weight, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float clipped = std::clamp(c.rescale * gradient[i], -c.clip, c.clip);
    const float g = clipped + c.weight_decay * weight[i];
    momentum[i] = c.momentum * momentum[i] - c.learning_rate * g;
    weight[i] += momentum[i];
  }
}

bool decays(const std::string& name) {
  return name.ends_with("_weight") || name.ends_with("_gamma");
}

}  // namespace

Sgd::Sgd(Plan& plan, const SgdOptions& options) : plan_(plan), options_(options) {
  size_t count = 0;
  for (const PlanParameter& parameter : plan.parameters()) {
    if (parameter.trainable) count += parameter.values.size();
  }
  momenta_ = Tensor::zeros({static_cast<int64_t>(count)});
  std::span<float> free = momenta_.data();
  for (const PlanParameter& parameter : plan.parameters()) {
    Slot slot;
    if (parameter.trainable) {
      const double by_name = decays(parameter.name) ? 1 : 0;
      const double multiplier = parameter.wd_mult >= 0 ? parameter.wd_mult : by_name;
      slot.momentum = free.first(parameter.values.size());
      free = free.subspan(slot.momentum.size());
      slot.lr_mult = parameter.lr_mult;
      slot.weight_decay = multiplier * options.weight_decay;
    }
    slots_.push_back(std::move(slot));
  }
}

void Sgd::set_step(double learning_rate, double rescale_gradient) {
  learning_rate_ = learning_rate;
  rescale_ = rescale_gradient;
}

void Sgd::update(int index, std::span<const float> gradient) {
  // Below this size the threads' start costs more than the loop.
  constexpr int64_t kSerialCount = 16384;
  const Slot& slot = slots_[static_cast<size_t>(index)];
  if (slot.momentum.empty()) return;
  const std::span<float> weight = plan_.parameters()[static_cast<size_t>(index)].values;
  const std::span<float> momentum = slot.momentum;
  const Coefficients c = {
      .momentum = static_cast<float>(options_.momentum),
      .learning_rate = static_cast<float>(learning_rate_ * slot.lr_mult),
      .rescale = static_cast<float>(rescale_),
      .weight_decay = static_cast<float>(slot.weight_decay),
      .clip = static_cast<float>(options_.clip_gradient),
  };
  const auto update = c.clip > 0 ? update_range_clipped : update_range;
  const auto part = [&](int64_t begin, int64_t end) {
    update(c, gradient.data() + begin, momentum.data() + begin, weight.data() + begin, end - begin);
  };
  const auto count = static_cast<int64_t>(weight.size());
  if (count <= kSerialCount) {
    part(0, count);
  } else {
    parallel_for(count, part);
  }
}

NamedTensors Sgd::state() const {
  NamedTensors state;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].momentum.empty()) continue;
    state[plan_.parameters()[i].name] =
        plan_.to_canonical(static_cast<int>(i), std::as_bytes(slots_[i].momentum));
  }
  return state;
}

void Sgd::restore(const NamedTensors& state) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].momentum.empty()) continue;
    const std::string& name = plan_.parameters()[i].name;
    const auto found = state.find(name);
    if (found == state.end()) throw input_error("the momentum of '{}' is missing", name);
    plan_.from_canonical(static_cast<int>(i), found->second,
                         std::as_writable_bytes(slots_[i].momentum));
  }
}

}  // namespace orthrus
