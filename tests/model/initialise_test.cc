#include "model/initialise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "graph/builders/resnet.h"

namespace orthrus {

namespace {

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const VariableRole role : {VariableRole::kParameter, VariableRole::kAuxiliary}) {
    for (const int id : graph.variables(role)) names.push_back(graph.node(id).name);
  }
  return names;
}

class InitialiseResnet : public ::testing::Test {
 protected:
  NamedTensors fill(uint64_t seed, const std::vector<std::string>& names) const {
    return initialise(graph_, infer_shapes(graph_, {{"data", {1, 3, 32, 32}}}), seed, names);
  }
  Graph graph_ = build_network("resnet20_small", 10);
};

bool all_are(const Tensor& tensor, float value) {
  return std::ranges::all_of(tensor.data(), [&](float x) { return x == value; });
}

TEST_F(InitialiseResnet, FillsConstantsByTheNamesEnding) {
  const NamedTensors values = fill(1, names_of(graph_));
  EXPECT_EQ(values.size(), names_of(graph_).size());
  EXPECT_TRUE(all_are(values.at("bn1_gamma"), 1));
  EXPECT_TRUE(all_are(values.at("bn1_beta"), 0));
  EXPECT_TRUE(all_are(values.at("bn1_moving_mean"), 0));
  EXPECT_TRUE(all_are(values.at("bn1_moving_var"), 1));
  EXPECT_TRUE(all_are(values.at("fc1_bias"), 0));
  EXPECT_EQ(values.at("fc1_weight").shape(), (Shape{10, 64}));
}

TEST_F(InitialiseResnet, WeightsAreNormalWithTheDeviationOfTheirInputs) {
  const Tensor weight = fill(3, {"stage3_unit2_conv1_weight"}).at("stage3_unit2_conv1_weight");
  ASSERT_EQ(weight.shape(), (Shape{64, 64, 3, 3}));
  const double expected = std::sqrt(2.0 / (64 * 3 * 3));
  double sum = 0;
  double squares = 0;
  int within_one = 0;
  for (const float value : weight.data()) {
    sum += value;
    squares += double{value} * value;
    within_one += std::abs(value) < expected ? 1 : 0;
  }
  const double count = static_cast<double>(weight.data().size());
  EXPECT_NEAR(sum / count, 0, 5 * expected / std::sqrt(count));
  EXPECT_NEAR(std::sqrt(squares / count), expected, 0.02 * expected);
  EXPECT_NEAR(within_one / count, 0.6827, 0.01);
}

TEST_F(InitialiseResnet, AValueDependsOnSeedAndNameAlone) {
  const NamedTensors all = fill(5, names_of(graph_));
  const NamedTensors alone = fill(5, {"conv0_weight"});
  EXPECT_EQ(alone.size(), 1u);
  EXPECT_TRUE(std::ranges::equal(alone.at("conv0_weight").data(), all.at("conv0_weight").data()));
  const NamedTensors other = fill(6, {"conv0_weight"});
  EXPECT_NE(other.at("conv0_weight").data()[0], alone.at("conv0_weight").data()[0]);
  EXPECT_NE(all.at("stage1_unit1_conv1_weight").data()[0],
            all.at("stage1_unit1_conv2_weight").data()[0]);
}

TEST(Initialise, APreluStartsWithASlopeOfAQuarter) {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int gamma = graph.add_variable("act_gamma", VariableRole::kParameter);
  graph.add({"act", LeakyRelu{.kind = LeakyKind::kPrelu}, {{data, 0}, {gamma, 0}}});
  const auto shapes = infer_shapes(graph, {{"data", {1, 3, 4, 4}}});
  const std::vector<std::string> names = {"act_gamma"};
  EXPECT_TRUE(all_are(initialise(graph, shapes, 1, names).at("act_gamma"), 0.25f));
}

std::string refusal_of(const Graph& graph, const Shape& shape, const std::string& name) {
  const std::vector<Shape> shapes(static_cast<size_t>(graph.size()), shape);
  const std::vector<std::string> names = {name};
  try {
    (void)initialise(graph, shapes, 1, names);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.message();
  }
  return "no error";
}

TEST(Initialise, RefusesWhatHasNoRuleByName) {
  Graph graph;
  graph.add_variable("data", VariableRole::kInput);
  graph.add_variable("scale", VariableRole::kParameter);
  graph.add_variable("vector_weight", VariableRole::kParameter);
  EXPECT_EQ(refusal_of(graph, {3}, "scale"), "'scale' cannot be initialised: no rule for its name");
  EXPECT_EQ(refusal_of(graph, {3}, "vector_weight"),
            "'vector_weight' of shape (3) cannot be initialised: a weight has at least two "
            "dimensions");
  EXPECT_EQ(refusal_of(graph, {3}, "data"),
            "'data' cannot be initialised: it is no parameter of the network");
  EXPECT_EQ(refusal_of(graph, {3}, "absent_weight"),
            "'absent_weight' cannot be initialised: it is no parameter of the network");
}

}  // namespace

}  // namespace orthrus
