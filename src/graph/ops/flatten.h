// Flatten: (N, ...) becomes (N, product of the rest); the elements keep their row-major order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

struct Flatten {
  static constexpr std::string_view kName = "Flatten";
  bool operator==(const Flatten&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Flatten& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Flatten& op, InputShapes& inputs);

}  // namespace orthrus
