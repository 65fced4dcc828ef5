#include "model/initialise.h"

#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"

namespace orthrus {

namespace {

constexpr float kPreluSlope = 0.25f;

struct ConstantRule {
  std::string_view ending;
  float value;
};
constexpr std::array kConstants = {
    ConstantRule{"bias", 0},        ConstantRule{"beta", 0},       ConstantRule{"gamma", 1},
    ConstantRule{"moving_mean", 0}, ConstantRule{"moving_var", 1}, ConstantRule{"running_mean", 0},
    ConstantRule{"running_var", 1},
};

// Is this variable the learned slope of a PReLU?
bool is_prelu_gamma(const Graph& graph, int variable) {
  for (const Node& node : graph.nodes()) {
    const auto* leaky = std::get_if<LeakyRelu>(&node.op);
    if (leaky != nullptr && leaky->kind == LeakyKind::kPrelu && node.inputs[1].node == variable) {
      return true;
    }
  }
  return false;
}

std::optional<float> constant_for(const Graph& graph, int variable) {
  if (is_prelu_gamma(graph, variable)) return kPreluSlope;
  for (const ConstantRule& rule : kConstants) {
    if (graph.node(variable).name.ends_with(rule.ending)) return rule.value;
  }
  return std::nullopt;
}

Tensor xavier(const std::string& name, const Shape& shape, uint64_t seed) {
  if (shape.rank() < 2) {
    throw input_error(
        "'{}' of shape {} cannot be initialised: a weight has at least two dimensions", name,
        shape.to_string());
  }
  const double deviation = std::sqrt(2.0 / static_cast<double>(shape.elements(1)));
  RandomStream stream(seed, StreamPurpose::kInitialise, 0, hash_text(name));
  Tensor weight(shape, DType::kF32);
  for (float& value : weight.data()) value = static_cast<float>(deviation * stream.normal());
  return weight;
}

}  // namespace

NamedTensors initialise(const Graph& graph, const std::vector<Shape>& shapes, uint64_t seed,
                        std::span<const std::string> names) {
  NamedTensors values;
  for (const std::string& name : names) {
    const std::optional<int> id = graph.find(name);
    const std::optional<VariableRole> role = id ? graph.role(*id) : std::nullopt;
    if (role != VariableRole::kParameter && role != VariableRole::kAuxiliary) {
      throw input_error("'{}' cannot be initialised: it is no parameter of the network", name);
    }
    const Shape& shape = shapes[static_cast<size_t>(*id)];
    if (const std::optional<float> constant = constant_for(graph, *id)) {
      values[name] = Tensor::filled(shape, *constant);
    } else if (name.ends_with("weight")) {
      values[name] = xavier(name, shape, seed);
    } else {
      throw input_error("'{}' cannot be initialised: no rule for its name", name)
          .with_hint(
              "names that end in weight, bias, gamma, beta, moving_mean or moving_var have one; "
              "for others give a file with their values");
    }
  }
  return values;
}

}  // namespace orthrus
