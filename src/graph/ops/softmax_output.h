// SoftmaxOutput: softmax over the classes, with the gradient of the cross-entropy built in.
// Forward: p = softmax(logits) over axis 1. Backward (no gradient comes from above):
//   d logits[n,k] = (p[n,k] - target[n,k]) * grad_scale * sample_weight[n] / count
// target is one-hot, or with smooth_alpha a: 1 - a for the label, a / (K - 1) for the others. count
// is 1 (null), N (batch) or the number of labels that are not ignore_label, at least 1 (valid).
// With use_ignore the rows whose label is ignore_label get a zero gradient. A label outside 0..K-1
// pushes all logits of its row down, as MXNet does (src/operator/softmax_output-inl.h, mshadow
// SoftmaxGrad); the data's reader refuses such labels before. With focal_gamma g (Lin et al. 2017,
// arXiv:1708.02002) the loss of a row is sum_k target[k] * -(1-p[k])^g ln p[k]: rows that are
// answered well count less. Inputs: data (N,K), label (N) and,
// with `has_sample_weight`, sample_weight (N).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

enum class LossNormalization { kNull, kBatch, kValid };

struct SoftmaxOutput {
  static constexpr std::string_view kName = "SoftmaxOutput";
  double grad_scale = 1;
  double ignore_label = -1;
  bool use_ignore = false;
  LossNormalization normalization = LossNormalization::kNull;
  double smooth_alpha = 0;
  double focal_gamma = 0;  // 0: plain cross-entropy
  bool has_sample_weight = false;
  bool operator==(const SoftmaxOutput&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const SoftmaxOutput& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const SoftmaxOutput& op, InputShapes& inputs);

}  // namespace orthrus
