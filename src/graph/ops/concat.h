// Concat: tensors laid one behind the other along the channel axis (axis 1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

struct Concat {
  static constexpr std::string_view kName = "Concat";
  int num_inputs = 2;
  bool operator==(const Concat&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Concat& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Concat& op, InputShapes& inputs);

}  // namespace orthrus
