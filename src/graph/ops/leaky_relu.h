// LeakyReLU: x for x > 0, else slope * x (leaky), gamma[channel] * x (prelu, gamma learned, of
// shape (C) or (1)), or slope * (exp(x) - 1) (elu). Inputs: data and, for prelu, gamma.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

enum class LeakyKind { kLeaky, kPrelu, kElu };

struct LeakyRelu {
  static constexpr std::string_view kName = "LeakyReLU";
  LeakyKind kind = LeakyKind::kLeaky;
  double slope = 0.25;
  bool operator==(const LeakyRelu&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const LeakyRelu& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const LeakyRelu& op, InputShapes& inputs);

}  // namespace orthrus
