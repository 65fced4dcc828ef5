// Optimizer: what a plan's gradients make of its parameters. Element by element over a plan's
// buffers, in whatever layout: padding has zero gradient and zero value, and stays zero. The rules
// themselves are in update_rules.h; some need first what all elements of a parameter, or of all
// parameters, say together.
#pragma once

#include <map>
#include <memory>
#include <set>
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
  double momentum = 0.9;     // sgd, nesterov, lars
  // On parameters named *_weight and *_gamma, unless they say otherwise.
  double weight_decay = 1e-4;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  // adamw, lamb
  double trust = 0.001;                               // lars
  double clip_gradient = 0;  // bound of a rescaled gradient's elements; 0: none
  double clip_norm = 0;      // bound of the norm of all rescaled gradients together; 0: none
  // Bound of a gradient's norm as a share of the weights' norm, by output of a layer; 0: none.
  double clip_adaptive = 0;
  std::set<std::string, std::less<>> not_adaptive = {};  // parameters without that bound
  bool accumulates = false;  // the gradients of several backward passes make one update
  bool climbs = false;       // climb() is called
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
  // parameter is changed at once, unless the options ask for norms of gradients first, or gradients
  // accumulate.
  void update(int index, std::span<const float> gradient);
  // After the last gradient of a step.
  void finish_step();

  // Sharpness-aware minimisation (Foret et al. 2021, arXiv:2010.01412, equation 2): after backward,
  // moves every trained parameter by radius * gradient / norm of all gradients. The next backward
  // gives the gradient there; then return_from_climb() brings everything back, running statistics
  // too.
  void climb(double radius);
  void return_from_climb();

  // Of all that is kept.
  [[nodiscard]] size_t size_bytes() const;
  // What is kept for every trainable parameter, by its name, row-major: momentum or first moment,
  // and the second moment where the rule has one.
  [[nodiscard]] NamedTensors first_moments() const;
  [[nodiscard]] NamedTensors second_moments() const;
  // Name of the first parameter of which something kept is not finite; empty: all is.
  [[nodiscard]] std::string first_not_finite() const;
  // Throws kInput when one is missing or has another shape. Gradients that were accumulated so far
  // are dropped.
  void restore(const NamedTensors& first, const NamedTensors& second);

 private:
  struct Slot {
    // In the device's memory, as the plan lays the parameter out; or empty.
    std::span<float> first, second, gradient, before_climb;
    double lr_factor = 1;
    double weight_decay = 0;
    bool adapts = false;      // its rate goes by norms (lars, lamb)
    bool is_bounded = false;  // by clip_adaptive
  };
  // The numbers of the following updates; `scale` is a factor of every gradient.
  void set_numbers(double scale);
  void send_numbers();
  [[nodiscard]] bool is_lamb() const { return !direction_.empty(); }
  void apply(size_t index, std::span<const float> gradient);
  // The rule, on the parameter's state and on `weight`.
  void update_array(size_t index, std::span<const float> gradient, std::span<float> weight);
  void apply_lamb(size_t index, std::span<const float> gradient);
  // Of an array in the device's memory.
  [[nodiscard]] double norm(std::span<const float> values) const;
  // Lets the gradient's norm, output by output, be clip_adaptive of the weights' at most.
  void bound(size_t index);
  // Factor of the rate of sgd's rule.
  [[nodiscard]] double lars_factor(size_t index, double scale) const;
  [[nodiscard]] NamedTensors tensors_of(std::span<float> Slot::*buffer) const;
  void restore(const NamedTensors& state, std::span<float> Slot::*buffer, std::string_view what);

  Plan& plan_;
  OptimizerOptions options_;
  UpdateRule rule_;
  std::vector<Slot> slots_;                      // as plan_.parameters()
  DeviceFloats first_, second_, gradients_;      // of all, one behind the other
  DeviceFloats direction_;                       // of one parameter (lamb)
  DeviceFloats before_climb_;                    // all parameters
  std::vector<UpdateNumbers> numbers_;           // by slot
  std::shared_ptr<std::byte[]> device_numbers_;  // the same in the device's memory
  double learning_rate_ = 0;
  double rescale_ = 1;
  int64_t update_ = 1;
};

}  // namespace orthrus
