// LogisticOutput. Its gradient is checked against differences of the loss that it stands for.
#pragma once

#include <cmath>

#include "backend/op_case.h"

namespace orthrus::testing {

// The loss that graph/ops/logistic_output.h states.
inline double binary_cross_entropy(const LogisticOutput& op, int64_t classes, const Values& output,
                                   const std::vector<Values>& inputs) {
  double loss = 0;
  for (size_t i = 0; i < output.size(); ++i) {
    const double p = output[i];
    const double target = inputs[1][i] * (1 - op.smooth_alpha) + op.smooth_alpha / 2;
    const double weight = op.has_sample_weight ? inputs[2][i] : 1;
    loss -= weight * target * std::pow(1 - p, op.focal_gamma) * std::log(p);
    loss -= weight * (1 - target) * std::pow(p, op.focal_gamma) * std::log(1 - p);
  }
  return loss * op.grad_scale / static_cast<double>(classes);
}

inline std::vector<OpCase> logistic_output_cases() {
  const Values labels = {0, 1, 1, 0, 0.25, 1, 0, 0, 1, 1, 1, 0};
  const Values masked = {1, 1, 0, 1, 2, 0, 0, 0, 0.5, 1, 1, 3};
  struct Variety {
    std::string name;
    LogisticOutput op;
    std::map<int, Values> values;
  };
  const std::vector<Variety> varieties = {
      {"plain", {}, {{1, labels}}},
      {"grad_scale", {.grad_scale = 0.3}, {{1, labels}}},
      {"smooth", {.smooth_alpha = 0.2}, {{1, labels}}},
      {"focal", {.focal_gamma = 2}, {{1, labels}}},
      {"focal_half", {.focal_gamma = 0.5}, {{1, labels}}},
      {"masked", {.has_sample_weight = true}, {{1, labels}, {2, masked}}},
      {"all",
       {.grad_scale = 2, .smooth_alpha = 0.1, .focal_gamma = 1.5, .has_sample_weight = true},
       {{1, labels}, {2, masked}}},
  };
  std::vector<OpCase> cases;
  for (const Variety& variety : varieties) {
    OpCase op_case{.name = "logistic_" + variety.name, .op = variety.op, .shapes = {{4, 3}}};
    op_case.values = variety.values;
    op_case.loss = [op = variety.op](const Values& output, const std::vector<Values>& inputs) {
      return binary_cross_entropy(op, 3, output, inputs);
    };
    cases.push_back(op_case);
  }
  return cases;
}

}  // namespace orthrus::testing
