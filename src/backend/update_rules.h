// The arithmetic of optimizers: what one update makes of a parameter and of what is kept beside it,
// element by element. Plain loops over arrays, without knowledge of plans; compiled with -O3.
#pragma once

#include <cstdint>

namespace orthrus {

// With g = clip(rescale * gradient), and where not said otherwise + wd * w:
enum class UpdateRule {
  // MXNet 1.9.1 src/operator/optimizer_op-inl.h, SGDMomKernel: m = momentum * m - lr * g; w = w +
  // m.
  kSgd,
  // The same file, NAGMomKernel: m = momentum * m - lr * g; w = w + momentum * m - lr * g. At a
  // constant rate PyTorch's SGD with nesterov=True.
  kNesterov,
  // Loshchilov and Hutter 2019 (arXiv:1711.05101), algorithm 2, as PyTorch's AdamW, without wd in
  // g: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
  // w = w (1 - lr wd) - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
  kAdamW,
};

// The numbers of one update of one parameter.
struct UpdateNumbers {
  float learning_rate = 0;
  float rescale = 1;  // of the gradient
  float clip = 0;     // bound of a rescaled gradient's elements; 0: none
  float weight_decay = 0;
  float momentum = 0;                       // sgd, nesterov
  float beta1 = 0, beta2 = 0, epsilon = 0;  // adamw
  // adamw: 1 - beta^t of the two moments after t updates.
  float correction1 = 1, correction2 = 1;
};

// `gradient` and the parameter's arrays, `count` elements each; `second` may be null where a rule
// keeps one array.
void apply_update(UpdateRule rule, const UpdateNumbers& numbers, const float* gradient,
                  float* first, float* second, float* weight, int64_t count);

// average = decay * average + (1 - decay) * weight.
void average_rule(float decay, const float* weight, float* average, int64_t count);

}  // namespace orthrus
