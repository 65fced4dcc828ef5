// Activation: an element-wise function without parameters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/input_shapes.h"

namespace orthrus {

enum class ActivationKind {
  kRelu,      // max(x, 0)
  kSigmoid,   // 1 / (1 + exp(-x))
  kTanh,      // tanh(x)
  kSoftrelu,  // log(1 + exp(x))
  kSoftsign,  // x / (1 + |x|)
};

struct Activation {
  static constexpr std::string_view kName = "Activation";
  ActivationKind kind = ActivationKind::kRelu;
  bool operator==(const Activation&) const = default;
};

[[nodiscard]] std::vector<std::string> input_names(const Activation& op);
[[nodiscard]] std::vector<Shape> infer_shapes(const Activation& op, InputShapes& inputs);

}  // namespace orthrus
