#include "backend/update_rules.h"

#include <algorithm>
#include <cmath>

namespace orthrus {
namespace {

// With and without clipping, so that both loops are vectorised.
template <typename Element>
void for_each_gradient(const UpdateNumbers& n, const float* gradient, int64_t count,
                       Element element) {
  if (n.clip > 0) {
    for (int64_t i = 0; i < count; ++i) {
      element(i, std::clamp(n.rescale * gradient[i], -n.clip, n.clip));
    }
  } else {
    for (int64_t i = 0; i < count; ++i) element(i, n.rescale * gradient[i]);
  }
}

void sgd_rule(const UpdateNumbers& numbers, const float* gradient, float* first, float*,
              float* weight, int64_t count) {
  const UpdateNumbers n = numbers;
  for_each_gradient(n, gradient, count, [&](int64_t i, float clipped) {
    const float g = clipped + n.weight_decay * weight[i];
    first[i] = n.momentum * first[i] - n.learning_rate * g;
    weight[i] += first[i];
  });
}

void nesterov_rule(const UpdateNumbers& numbers, const float* gradient, float* first, float*,
                   float* weight, int64_t count) {
  const UpdateNumbers n = numbers;
  for_each_gradient(n, gradient, count, [&](int64_t i, float clipped) {
    const float g = clipped + n.weight_decay * weight[i];
    first[i] = n.momentum * first[i] - n.learning_rate * g;
    weight[i] += n.momentum * first[i] - n.learning_rate * g;
  });
}

void adamw_rule(const UpdateNumbers& numbers, const float* gradient, float* first, float* second,
                float* weight, int64_t count) {
  const UpdateNumbers n = numbers;
  const float keep = 1 - n.learning_rate * n.weight_decay;
  const float rate = n.learning_rate / n.correction1;
  const float root = std::sqrt(n.correction2);
  for_each_gradient(n, gradient, count, [&](int64_t i, float g) {
    first[i] = n.beta1 * first[i] + (1 - n.beta1) * g;
    second[i] = n.beta2 * second[i] + (1 - n.beta2) * g * g;
    weight[i] = keep * weight[i] - rate * first[i] / (std::sqrt(second[i]) / root + n.epsilon);
  });
}

}  // namespace

void apply_update(UpdateRule rule, const UpdateNumbers& numbers, const float* gradient,
                  float* first, float* second, float* weight, int64_t count) {
  switch (rule) {
    case UpdateRule::kSgd:
      return sgd_rule(numbers, gradient, first, second, weight, count);
    case UpdateRule::kNesterov:
      return nesterov_rule(numbers, gradient, first, second, weight, count);
    case UpdateRule::kAdamW:
      return adamw_rule(numbers, gradient, first, second, weight, count);
  }
}

void average_rule(float decay, const float* weight, float* average, int64_t count) {
  for (int64_t i = 0; i < count; ++i) average[i] = decay * average[i] + (1 - decay) * weight[i];
}

}  // namespace orthrus
