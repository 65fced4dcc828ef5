// The operators of a graph as one closed type. To add one: a header and a source file here with a
// struct of attributes, input_names() and infer_shapes(); then a line in the variant below and one
// in each backend's table.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/ops/activation.h"
#include "graph/ops/add.h"
#include "graph/ops/batch_norm.h"
#include "graph/ops/concat.h"
#include "graph/ops/convolution.h"
#include "graph/ops/dropout.h"
#include "graph/ops/flatten.h"
#include "graph/ops/fully_connected.h"
#include "graph/ops/leaky_relu.h"
#include "graph/ops/logistic_output.h"
#include "graph/ops/pooling.h"
#include "graph/ops/softmax_output.h"
#include "graph/ops/variable.h"

namespace orthrus {

using Op =
    std::variant<Variable, Convolution, BatchNorm, Activation, LeakyRelu, Pooling, FullyConnected,
                 Flatten, Add, Concat, Dropout, SoftmaxOutput, LogisticOutput>;

[[nodiscard]] inline std::string_view op_name(const Op& op) {
  return std::visit([](const auto& attributes) { return attributes.kName; }, op);
}
// The names of the operator's inputs in order: "data", "weight", "bias", ...
[[nodiscard]] inline std::vector<std::string> input_names(const Op& op) {
  return std::visit([](const auto& attributes) { return input_names(attributes); }, op);
}
// Output shapes from input shapes; fills the shapes of parameters. Throws kInput on a
// contradiction.
[[nodiscard]] inline std::vector<Shape> infer_shapes(const Op& op, InputShapes& inputs) {
  return std::visit([&](const auto& attributes) { return infer_shapes(attributes, inputs); }, op);
}
// True for an operator whose output is trained by a loss gradient of its own.
[[nodiscard]] inline bool is_loss(const Op& op) {
  return std::holds_alternative<SoftmaxOutput>(op) || std::holds_alternative<LogisticOutput>(op);
}

}  // namespace orthrus
