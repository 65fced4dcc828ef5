// BatchNorm over all axes but the channel's (axis 1): dst = gamma * (src - mean) / sqrt(var + eps)
// + beta. Training takes mean and biased variance of the batch and moves the running ones by
// running = momentum * running + (1 - momentum) * batch; inference takes the running ones
// (MXNet 1.9.1 src/operator/nn/batch_norm.cc). Inputs: data, gamma, beta, moving_mean, moving_var
// and, with `fused_add`, the residual.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

struct BatchNorm {
  static constexpr std::string_view kName = "BatchNorm";
  double eps = 1e-3;
  double momentum = 0.9;          // the share that is KEPT
  bool fix_gamma = true;          // gamma counts as 1, its gradient as 0
  bool use_global_stats = false;  // running statistics in training too
  // Set by the fuse pass, never by a file: dst = relu(batch_norm(src) [+ residual]).
  bool fused_add = false;
  bool fused_relu = false;
  bool operator==(const BatchNorm&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const BatchNorm& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const BatchNorm& op, InputShapes& inputs);

}  // namespace orthrus
