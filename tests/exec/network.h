// What the tests of plans share: a small residual network and its gradients.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "exec/plan.h"
#include "graph/builders/resnet.h"
#include "graph/passes/fuse.h"
#include "model/networks.h"

namespace orthrus::testing {

// A residual network of two stages for pictures of 8 x 8, fused, with values for its parameters.
struct Network {
  Graph graph;
  NamedTensors parameters;
  std::map<std::string, Shape> shapes = {{"data", {4, 3, 8, 8}}};

  explicit Network(ResnetVersion version = ResnetVersion::kV1)
      : graph(fuse_batch_norm(build_resnet({.version = version,
                                            .stem = ResnetStem::kSmall,
                                            .bottleneck = false,
                                            .units = {1, 1},
                                            .stem_width = 16,
                                            .widths = {16, 32}},
                                           5))) {
    const std::vector<Shape> all = infer_shapes(graph, shapes);
    std::vector<std::string> names;
    for (const VariableRole role : {VariableRole::kParameter, VariableRole::kAuxiliary}) {
      for (const int id : graph.variables(role)) names.push_back(graph.node(id).name);
    }
    parameters = initialise(graph, all, 3, names);
  }
};

struct Gradients {
  std::map<std::string, std::vector<float>> by_name;
  std::vector<float> probabilities;
};

inline void fill(Plan& plan) {
  RandomStream random(5, StreamPurpose::kSynthetic, 0, 0);
  for (float& value : plan.input("data")) value = static_cast<float>(random.normal());
  for (float& label : plan.input("softmax_label")) label = static_cast<float>(random.below(5));
}

// One forward and backward; gradients as row-major values.
inline Gradients run_once(Plan& plan) {
  fill(plan);
  plan.forward({});
  Gradients result;
  plan.backward({}, [&](int index, std::span<const float> gradient) {
    const Tensor plain = plan.to_canonical(index, std::as_bytes(gradient));
    const auto values = plain.data();
    result.by_name[plan.parameters()[static_cast<size_t>(index)].name] = {values.begin(),
                                                                          values.end()};
  });
  result.probabilities = {plan.output(0).begin(), plan.output(0).end()};
  return result;
}

// Two arrays as vectors: the difference against the length.
inline void expect_close(const std::vector<float>& got, const std::vector<float>& wanted,
                         const std::string& name) {
  ASSERT_EQ(got.size(), wanted.size()) << name;
  double difference = 0, size = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    difference += std::pow(static_cast<double>(got[i]) - static_cast<double>(wanted[i]), 2);
    size += std::pow(static_cast<double>(wanted[i]), 2);
  }
  // A bias before a BatchNorm, for one, has no gradient but rounding.
  EXPECT_LE(std::sqrt(difference), 2e-3 * std::sqrt(size) + 1e-5) << name;
}

// Gradients that point where the wanted ones do, whatever bf16 rounds.
inline void expect_same_directions(const Gradients& got, const Gradients& wanted) {
  ASSERT_EQ(got.by_name.size(), wanted.by_name.size());
  for (const auto& [name, values] : wanted.by_name) {
    const std::vector<float>& other = got.by_name.at(name);
    ASSERT_EQ(other.size(), values.size()) << name;
    double product = 0, size = 0, other_size = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      product += static_cast<double>(values[i]) * static_cast<double>(other[i]);
      size += std::pow(static_cast<double>(values[i]), 2);
      other_size += std::pow(static_cast<double>(other[i]), 2);
    }
    if (size < 1e-6) continue;  // nothing but rounding
    EXPECT_GT(product / std::sqrt(size * other_size), 0.97) << name;
  }
}

inline Gradients gradients_of(const Network& network, Backend& backend, PlanOptions options = {}) {
  options.training = true;
  Plan plan(network.graph, network.shapes, backend, options);
  plan.load_parameters(network.parameters);
  return run_once(plan);
}

}  // namespace orthrus::testing
