// Optimizer: what a plan's gradients make of its parameters. Element by element over a plan's
// buffers, in whatever layout: padding has zero gradient and zero value, and stays zero. The rules
// themselves are in update_rules.h.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/update_rules.h"
#include "exec/device_floats.h"
#include "exec/plan.h"

namespace orthrus {

struct OptimizerOptions {
  std::string name = "sgd";  // of optimizer_names()
  double momentum = 0.9;     // sgd, nesterov
  // On parameters named *_weight and *_gamma, unless they say otherwise.
  double weight_decay = 1e-4;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // adamw
  double clip_gradient = 0;  // bound of a rescaled gradient's elements; 0: none
  double clip_norm = 0;      // bound of the norm of all rescaled gradients together; 0: none
  bool accumulates = false;  // the gradients of several backward passes make one update
  // Factors of the learning rate by parameter; 1 where there is none.
  std::map<std::string, double, std::less<>> lr_factors = {};
};

// In the order of a listing; the first is the default.
[[nodiscard]] std::vector<std::string> optimizer_names();

class Optimizer {
 public:
  // Keeps a reference to the plan. Everything that is kept starts at zero. Throws kUsage for an
  // unknown name.
  Optimizer(Plan& plan, const OptimizerOptions& options);

  // Learning rate and gradient scale (1 / count of real pictures) of the following updates, and
  // their number from 1. Where gradients accumulate, to be called before finish_step().
  void set_step(double learning_rate, double rescale_gradient, int64_t update = 1);
  // The gradient of parameters()[index] of the plan, for Plan's GradientSink (same_sink). The
  // parameter is changed at once, unless clip_norm asks for the norm of all gradients first, or
  // gradients accumulate.
  void update(int index, std::span<const float> gradient);
  // After the last gradient of a step.
  void finish_step();

  // Of all that is kept.
  [[nodiscard]] size_t size_bytes() const;
  // What is kept for every trainable parameter, by its name, row-major: momentum or first moment,
  // and the second moment where the rule has one.
  [[nodiscard]] NamedTensors first_moments() const;
  [[nodiscard]] NamedTensors second_moments() const;
  // Throws kInput when one is missing or has another shape.
  void restore(const NamedTensors& first, const NamedTensors& second);

 private:
  struct Slot {
    // In the device's memory, as the plan lays the parameter out; or empty.
    std::span<float> first, second, gradient;
    double lr_factor = 1;
    double weight_decay = 0;
  };
  // What the following updates read; `scale` is a factor of every gradient.
  void send_numbers(double scale);
  void apply(size_t index, std::span<const float> gradient);
  [[nodiscard]] NamedTensors tensors_of(std::span<float> Slot::*buffer) const;
  void restore(const NamedTensors& state, std::span<float> Slot::*buffer, std::string_view what);

  Plan& plan_;
  OptimizerOptions options_;
  UpdateRule rule_;
  std::vector<Slot> slots_;                      // as plan_.parameters()
  DeviceFloats first_, second_, gradients_;      // of all, one behind the other
  std::vector<UpdateNumbers> numbers_;           // by slot
  std::shared_ptr<std::byte[]> device_numbers_;  // the same in the device's memory
  double learning_rate_ = 0;
  double rescale_ = 1;
  int64_t update_ = 1;
};

}  // namespace orthrus
