// LogisticOutput: a sigmoid for each class, with the gradient of the binary cross-entropy built in;
// MXNet's LogisticRegressionOutput, for questions that may have several answers at once.
// Forward: p = 1 / (1 + exp(-logit)). The loss, with the target t = label * (1 - a) + a / 2 where a
// is smooth_alpha (Szegedy et al. 2016, arXiv:1512.00567, for two classes), and g = focal_gamma
// (Lin et al. 2017, arXiv:1708.02002):
//   L = grad_scale / K * sum over n, k of
//       sample_weight[n,k] * (-t (1-p)^g ln p - (1-t) p^g ln(1-p))
// Backward gives dL / d logits (no gradient comes from above). With a = g = 0 and weight 1 that is
// MXNet's (p - label) * grad_scale / K (src/operator/regression_output-inl.h in MXNet 1.9.1).
// Inputs: data (N,K), label (N,K) with values in [0,1] and, with `has_sample_weight`, sample_weight
// (N,K).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

struct LogisticOutput {
  static constexpr std::string_view kName = "LogisticRegressionOutput";
  double grad_scale = 1;
  double smooth_alpha = 0;
  double focal_gamma = 0;
  bool has_sample_weight = false;
  bool operator==(const LogisticOutput&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const LogisticOutput& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const LogisticOutput& op, InputShapes& inputs);

}  // namespace orthrus
