// Add: the sum of two or more tensors of one shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

struct Add {
  static constexpr std::string_view kName = "Add";
  int num_inputs = 2;
  bool operator==(const Add&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Add& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Add& op, InputShapes& inputs);

}  // namespace orthrus
