// OpCase: one operator with one set of attributes and shapes, and the numbers that it is fed. Cases
// are data: tests/backend/cases/ holds them, op_checks.h says what is checked of each.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "graph/graph.h"

namespace orthrus::testing {

// Elements of an array in row-major order.
using Values = std::vector<double>;

struct OpCase {
  std::string name{};  // letters, digits and underscores
  Op op{};
  std::vector<Shape> shapes{};  // of the first inputs; those of the rest follow from the operator
  uint64_t seed = 1;
  // Fixed values of some inputs, by number; the others are made up.
  std::map<int, Values> values{};
  // What the gradients are derivatives of, for an operator that is a loss; else the weighted sum of
  // the output's elements.
  std::function<double(const Values& output, const std::vector<Values>& inputs)> loss{};
  // Backends that may leave this case to their `ref` kernels.
  std::vector<std::string> reference_on{};
  bool forward_only = false;    // no backend has its gradients
  double tolerance_factor = 1;  // on every backend's tolerances
};

// Names the case in failures of parameterised tests.
inline void PrintTo(const OpCase& op_case, std::ostream* out) {
  *out << op_case.name;
}

// The node of a case with every input's and the output's shape worked out.
struct ShapedNode {
  Node node;
  std::vector<Shape> inputs;
  Shape output;
};

inline ShapedNode shaped_node(const OpCase& op_case) {
  const std::vector<std::string> names = input_names(op_case.op);
  std::vector<std::optional<Shape>> known(names.size());
  std::ranges::copy(op_case.shapes, known.begin());
  InputShapes shapes(known, names);
  ShapedNode result;
  result.output = infer_shapes(op_case.op, shapes).front();
  for (const std::optional<Shape>& shape : shapes.shapes()) result.inputs.push_back(shape.value());
  result.node = {op_case.name, op_case.op, std::vector<Edge>(names.size())};
  return result;
}

// Is this input an activation (data, a residual, an operand), as opposed to a parameter or a label?
inline bool is_activation(const std::string& name) {
  return name == "data" || name == "residual" || name.starts_with("arg");
}
// Can the gradient of this input be asked for?
inline bool has_gradient(const std::string& name) {
  return name != "label" && name != "sample_weight" && !name.starts_with("moving_");
}

// Values between -1.5 and 1.5 that are a fixed distance apart from each other and from 0, so that a
// small step of one crosses no kink of a maximum or a ReLU.
inline Values spaced_values(int64_t count, RandomStream& stream) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[stream.below(static_cast<uint32_t>(i))]);
  }
  Values values;
  for (const int64_t place : order) {
    const double n = static_cast<double>(count);
    values.push_back(3 * (static_cast<double>(place) + 0.25) / n - 1.5);
  }
  return values;
}

// The numbers for every input of a case, all of them exact in float32.
inline std::vector<Values> input_values(const OpCase& op_case, const ShapedNode& shaped) {
  const std::vector<std::string> names = input_names(op_case.op);
  std::vector<Values> result;
  for (size_t i = 0; i < names.size(); ++i) {
    RandomStream stream(op_case.seed, StreamPurpose::kSynthetic, 0, i);
    const int64_t count = shaped.inputs[i].elements();
    Values values;
    if (const auto given = op_case.values.find(static_cast<int>(i));
        given != op_case.values.end()) {
      values = given->second;
    } else if (is_activation(names[i])) {
      values = spaced_values(count, stream);
    } else {
      for (int64_t j = 0; j < count; ++j) {
        if (names[i] == "gamma" || names[i] == "moving_var") {
          values.push_back(stream.uniform(0.5, 1.5));
        } else if (names[i] == "label") {
          values.push_back(stream.below(static_cast<uint32_t>(shaped.output[1])));
        } else if (names[i] == "sample_weight") {
          values.push_back(stream.uniform(0, 2));
        } else {
          values.push_back(stream.uniform(-0.5, 0.5));
        }
      }
    }
    for (double& value : values) value = static_cast<double>(static_cast<float>(value));
    result.push_back(std::move(values));
  }
  return result;
}

inline Values random_values(int64_t count, uint64_t seed, uint64_t index) {
  RandomStream stream(seed, StreamPurpose::kSynthetic, 1, index);
  Values values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<double>(static_cast<float>(stream.uniform(-1, 1))));
  }
  return values;
}

}  // namespace orthrus::testing
