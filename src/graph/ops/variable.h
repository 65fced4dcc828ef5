// Variable: a leaf of the graph: a picture batch, labels, a parameter, or a running statistic.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

enum class VariableRole { kInput, kLabel, kSampleWeight, kParameter, kAuxiliary };

struct Variable {
  static constexpr std::string_view kName = "Variable";
  VariableRole role = VariableRole::kParameter;
  double lr_mult = 1;   // factor on the learning rate (MXNet's __lr_mult__)
  double wd_mult = -1;  // factor on weight decay (__wd_mult__); negative: by the name's rule
  bool operator==(const Variable&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Variable& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Variable& op, InputShapes& inputs);

}  // namespace orthrus
