// SoftmaxOutput. Its gradient is checked against differences of the cross-entropy that it stands
// for.
#pragma once

#include <algorithm>
#include <cmath>

#include "backend/op_case.h"

namespace orthrus::testing {

// The loss whose gradient graph/ops/softmax_output.h states, for labels that are whole numbers.
inline double cross_entropy(const SoftmaxOutput& op, int64_t classes, const Values& output,
                            const std::vector<Values>& inputs) {
  const Values& labels = inputs[1];
  double count = 1;
  if (op.normalization == LossNormalization::kBatch) count = static_cast<double>(labels.size());
  if (op.normalization == LossNormalization::kValid) {
    const auto ignored = std::ranges::count(labels, op.ignore_label);
    count = std::max(1.0, static_cast<double>(labels.size()) - static_cast<double>(ignored));
  }
  double loss = 0;
  for (size_t n = 0; n < labels.size(); ++n) {
    if (op.use_ignore && labels[n] == op.ignore_label) continue;
    const double weight = op.has_sample_weight ? inputs[2][n] : 1;
    for (int64_t k = 0; k < classes; ++k) {
      const double target = static_cast<double>(k) == labels[n]
                                ? 1 - op.smooth_alpha
                                : op.smooth_alpha / static_cast<double>(classes - 1);
      const double p = output[n * static_cast<size_t>(classes) + static_cast<size_t>(k)];
      if (target > 0) loss -= weight * target * std::pow(1 - p, op.focal_gamma) * std::log(p);
    }
  }
  return loss * op.grad_scale / count;
}

inline std::vector<OpCase> softmax_output_cases() {
  struct Variety {
    std::string name;
    SoftmaxOutput op;
    std::map<int, Values> values;
  };
  const auto kBatch = LossNormalization::kBatch;
  const auto kValid = LossNormalization::kValid;
  const std::map<int, Values> some_ignored = {{1, {0, -1, 3, 2, -1}}};
  const std::vector<Variety> varieties = {
      {"plain", {}, {}},
      {"grad_scale_batch", {.grad_scale = 0.3, .normalization = kBatch}, {}},
      {"valid_ignored", {.use_ignore = true, .normalization = kValid}, some_ignored},
      {"null_ignored", {.use_ignore = true}, some_ignored},
      {"ignore_a_class", {.ignore_label = 2, .use_ignore = true, .normalization = kValid}, {}},
      {"all_ignored", {.use_ignore = true, .normalization = kValid}, {{1, {-1, -1, -1, -1, -1}}}},
      {"smooth", {.smooth_alpha = 0.1}, {}},
      {"weighted", {.normalization = kBatch, .has_sample_weight = true}, {}},
      {"weighted_ignored",
       {.use_ignore = true,
        .normalization = kValid,
        .smooth_alpha = 0.2,
        .has_sample_weight = true},
       some_ignored},
      {"focal", {.focal_gamma = 2}, {}},
      {"focal_half_weighted", {.focal_gamma = 0.5, .has_sample_weight = true}, {}},
      {"focal_smooth_ignored",
       {.use_ignore = true,
        .normalization = kValid,
        .smooth_alpha = 0.1,
        .focal_gamma = 1,
        .has_sample_weight = true},
       some_ignored},
      {"large_logits", {}, {{0, {900,  899,  0, -900, 1, 2, 3, 4, -800, -801,
                                 -802, -803, 5, 5,    5, 5, 0, 0, 50,   60}}}},
  };
  std::vector<OpCase> cases;
  for (const Variety& variety : varieties) {
    OpCase op_case{.name = "softmax_" + variety.name, .op = variety.op, .shapes = {{5, 4}}};
    op_case.values = variety.values;
    op_case.loss = [op = variety.op](const Values& output, const std::vector<Values>& inputs) {
      return cross_entropy(op, 4, output, inputs);
    };
    cases.push_back(op_case);
  }
  const auto wide_loss = [](const Values& output, const std::vector<Values>& inputs) {
    return cross_entropy({}, 37, output, inputs);
  };
  cases.push_back(
      {.name = "softmax_wide", .op = SoftmaxOutput{}, .shapes = {{3, 37}}, .loss = wide_loss});
  return cases;
}

}  // namespace orthrus::testing
