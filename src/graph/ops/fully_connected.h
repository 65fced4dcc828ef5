// FullyConnected: dst = src (N, F) times the transposed weight (K, F), plus bias (K). An input of
// more dimensions is flattened to (N, everything else) first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

struct FullyConnected {
  static constexpr std::string_view kName = "FullyConnected";
  int64_t num_hidden = 0;  // K
  bool has_bias = true;
  bool operator==(const FullyConnected&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const FullyConnected& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const FullyConnected& op, InputShapes& inputs);

}  // namespace orthrus
