// Stochastic gradient descent with momentum and weight decay, exactly as MXNet's SGD
// (python/mxnet/optimizer/optimizer.py, src/operator/optimizer_op-inl.h SGDMomKernel in
// MXNet 1.9.1):
//   g   = clip(rescale * gradient) + wd * w
//   mom = momentum * mom - lr * g        (the learning rate is inside the momentum)
//   w   = w + mom
// Element by element over a plan's buffers, in whatever layout: padding has zero gradient and zero
// value, and stays zero.
#pragma once

#include <span>
#include <vector>

#include "exec/plan.h"

namespace orthrus {

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay =
      1e-4;                  // on parameters named *_weight and *_gamma, unless they say otherwise
  double clip_gradient = 0;  // bound of a rescaled gradient's elements; 0: none
};

class Sgd {
 public:
  // Keeps a reference to the plan. Momentum starts at zero.
  Sgd(Plan& plan, const SgdOptions& options);

  // Learning rate and gradient scale (1 / count of real pictures) of the following updates.
  void set_step(double learning_rate, double rescale_gradient);
  // Updates parameters()[index] of the plan; for Plan's GradientSink.
  void update(int index, std::span<const float> gradient);

  // Momentum of every trainable parameter, by its name, row-major.
  [[nodiscard]] NamedTensors state() const;
  // Throws kInput when one is missing or has another shape.
  void restore(const NamedTensors& state);

 private:
  struct Slot {
    std::span<float> momentum;  // as the plan lays the parameter out; empty: nothing is trained
    double lr_mult = 1;
    double weight_decay = 0;
  };
  Plan& plan_;
  SgdOptions options_;
  std::vector<Slot> slots_;  // as plan_.parameters()
  Tensor momenta_;           // of all, one behind the other
  double learning_rate_ = 0;
  double rescale_ = 1;
};

}  // namespace orthrus
