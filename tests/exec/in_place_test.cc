// Steps that write over what they read, in graphs where the same values are read twice.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "exec/plan.h"
#include "graph/graph.h"

namespace orthrus {
namespace {

constexpr int64_t kChannels = 16;

class InPlace : public ::testing::Test {
 protected:
  // A value that may be written over, in the layout that convolutions want.
  Edge value(const std::string& name) {
    const int data = graph_.add_variable(name, VariableRole::kInput);
    return convolution(name + "_conv", {data, 0}, {});
  }
  // In inference another name of the same memory.
  Edge same(Edge of) { return node({"dropout", Dropout{.whole = true}, {of}}); }
  Edge node(Node node) { return {graph_.add(std::move(node)), 0}; }
  Edge convolution(const std::string& name, Edge data, std::optional<Edge> residual) {
    const Convolution op{.num_filter = kChannels,
                         .kernel = {3, 3},
                         .pad = {1, 1},
                         .has_bias = false,
                         .fused_add = residual.has_value()};
    const int weight = graph_.add_variable(name + "_weight", VariableRole::kParameter);
    std::vector<Edge> inputs = {data, {weight, 0}};
    if (residual) inputs.push_back(*residual);
    return node({name, op, inputs});
  }

  std::vector<float> run(Backend& backend, Edge output) {
    graph_.set_outputs({output});
    std::map<std::string, Shape> shapes;
    for (const int id : graph_.variables(VariableRole::kInput)) {
      shapes[graph_.node(id).name] = {2, kChannels, 9, 9};
    }
    Plan plan(graph_, shapes, backend, {});
    RandomStream random(3, StreamPurpose::kSynthetic, 0, 0);
    for (const auto& [name, shape] : shapes) {
      for (float& value : plan.input(name)) value = static_cast<float>(random.normal());
    }
    NamedTensors parameters;
    for (const int id : graph_.variables(VariableRole::kParameter)) {
      Tensor weight(Shape{kChannels, kChannels, 3, 3}, DType::kF32);
      for (float& value : weight.data()) value = static_cast<float>(random.uniform(-0.1, 0.1));
      parameters[graph_.node(id).name] = weight;
    }
    plan.load_parameters(parameters);
    plan.forward({});
    return {plan.output(0).begin(), plan.output(0).end()};
  }

  void expect_same_on_all(Edge output) {
    const auto ref = make_ref_backend(DType::kF32);
    // Winograd's algorithm takes a small input in before it writes.
    const auto cpu = make_cpu_backend({.winograd = false});
    // An output has memory of its own, where nothing is written in place.
    const Edge end = node({"end", Activation{}, {output}});
    const std::vector<float> want = run(*ref, end), got = run(*cpu, end);
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_NEAR(got[i], want[i], 1e-4F * (1 + std::abs(want[i]))) << i;
    }
  }

  Graph graph_;
};

TEST_F(InPlace, AResidualThatIsTheConvolutionsOwnInputIsKept) {
  const Edge x = value("x");
  expect_same_on_all(convolution("conv", x, x));
}

TEST_F(InPlace, AResidualThatIsAnAliasOfTheConvolutionsInputIsKept) {
  const Edge x = value("x");
  expect_same_on_all(convolution("conv", x, same(x)));
}

TEST_F(InPlace, AnInputThatIsAnAliasOfTheResidualIsKept) {
  const Edge x = value("x");
  expect_same_on_all(convolution("conv", same(x), x));
}

TEST_F(InPlace, ASumHasTheSameAddendTwice) {
  const Edge x = value("x"), y = value("y");
  expect_same_on_all(node({"sum", Add{.num_inputs = 3}, {x, y, x}}));
}

TEST_F(InPlace, ASumHasAnAddendAndItsAlias) {
  const Edge x = value("x"), y = value("y");
  expect_same_on_all(node({"sum", Add{.num_inputs = 3}, {x, y, same(x)}}));
}

// Both addends may be written over: what is allowed is not given up.
TEST_F(InPlace, ADoubleIsWrittenOverItsHalf) {
  const Edge x = value("x");
  expect_same_on_all(node({"sum", Add{}, {x, x}}));
  const auto cpu = make_cpu_backend();
  const std::map<std::string, Shape> shapes = {{"x", {2, kChannels, 9, 9}}};
  const size_t both = Plan(graph_, shapes, *cpu, {}).memory().arena_bytes;
  graph_.set_outputs({node({"alone", Activation{}, {x}})});
  EXPECT_EQ(Plan(graph_, shapes, *cpu, {}).memory().arena_bytes, both);
}

}  // namespace
}  // namespace orthrus
