#include "graph/graph.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace orthrus {

namespace {

template <typename Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(Graph, RefusesTwoLayersOfOneName) {
  Graph graph;
  graph.add_variable("data", VariableRole::kInput);
  EXPECT_EQ(message_of([&] { graph.add_variable("data", VariableRole::kLabel); }),
            "two layers are named 'data'");
}

TEST(Graph, RefusesAnInputThatDoesNotExist) {
  Graph graph;
  graph.add_variable("data", VariableRole::kInput);
  EXPECT_EQ(message_of([&] {
              graph.add({"relu", Activation{}, {{1, 0}}});
            }),
            "layer 'relu' reads output 0 of node 1, which does not exist");
  EXPECT_EQ(message_of([&] {
              graph.add({"relu", Activation{}, {{0, 1}}});
            }),
            "layer 'relu' reads output 1 of node 0, which does not exist");
}

TEST(Graph, RefusesAWrongNumberOfInputs) {
  Graph graph;
  graph.add_variable("data", VariableRole::kInput);
  EXPECT_EQ(message_of([&] {
              graph.add({"sum", Add{2}, {{0, 0}}});
            }),
            "layer 'sum' (Add) has 1 inputs, expected 2");
}

TEST(Graph, CountsUsesByNodesAndOutputs) {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int sum = graph.add({"sum", Add{2}, {{data, 0}, {data, 0}}});
  graph.set_outputs({{sum, 0}, {data, 0}});
  EXPECT_EQ(graph.use_counts(), (std::vector<int>{3, 1}));
}

TEST(Graph, FindsNodesAndRoles) {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int relu = graph.add({"relu", Activation{}, {{data, 0}}});
  EXPECT_EQ(graph.find("relu"), relu);
  EXPECT_EQ(graph.find("tanh"), std::nullopt);
  EXPECT_EQ(graph.role(data), VariableRole::kInput);
  EXPECT_EQ(graph.role(relu), std::nullopt);
  EXPECT_EQ(graph.variables(VariableRole::kInput), std::vector<int>{data});
}

TEST(InferShapes, DeducesParametersAndNamesTheLayerOfAContradiction) {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int weight = graph.add_variable("conv_weight", VariableRole::kParameter);
  graph.add({"conv",
             Convolution{.num_filter = 8, .kernel = {3, 5}, .num_group = 2, .has_bias = false},
             {{data, 0}, {weight, 0}}});
  const std::vector<Shape> shapes = infer_shapes(graph, {{"data", {2, 6, 9, 9}}});
  EXPECT_EQ(shapes[1], (Shape{8, 3, 3, 5}));
  EXPECT_EQ(shapes[2], (Shape{2, 8, 7, 5}));
  EXPECT_EQ(message_of([&] {
              (void)infer_shapes(graph, {{"data", {2, 5, 9, 9}}});
            }),
            "layer 'conv' (Convolution): 5 input and 8 output channels cannot form 2 groups");
  EXPECT_EQ(
      message_of([&] {
        (void)infer_shapes(graph, {{"data", {2, 6, 2, 9}}});
      }),
      "layer 'conv' (Convolution): a window of 3 does not fit into 2 pixels with a padding of 0");
  EXPECT_EQ(message_of([&] { (void)infer_shapes(graph, {}); }),
            "layer 'conv' (Convolution): the shape of input 'data' is unknown");
}

struct PoolingCase {
  PoolingConvention convention;
  int64_t size, kernel, stride, pad, expected;
};

TEST(InferShapes, PoolingRoundsAsItsConventionSays) {
  const auto kValid = PoolingConvention::kValid;
  const auto kFull = PoolingConvention::kFull;
  for (const PoolingCase& c :
       {PoolingCase{kValid, 112, 3, 2, 1, 56}, PoolingCase{kFull, 112, 3, 2, 1, 57},
        PoolingCase{kValid, 7, 2, 2, 0, 3}, PoolingCase{kFull, 7, 2, 2, 0, 4},
        PoolingCase{kValid, 9, 3, 2, 0, 4}, PoolingCase{kFull, 9, 3, 2, 0, 4}}) {
    InputShapes shapes({Shape{1, 2, c.size, c.size}}, {"data"});
    const Pooling op{.convention = c.convention,
                     .kernel = {c.kernel, c.kernel},
                     .stride = {c.stride, c.stride},
                     .pad = {c.pad, c.pad}};
    EXPECT_EQ(infer_shapes(op, shapes).front(), (Shape{1, 2, c.expected, c.expected}))
        << c.size << " " << c.kernel << " " << c.stride << " " << c.pad;
  }
}

TEST(InferShapes, OperandsOfOneShape) {
  InputShapes sum({Shape{2, 3}, Shape{2, 4}}, {"arg0", "arg1"});
  EXPECT_EQ(message_of([&] { (void)infer_shapes(Add{2}, sum); }),
            "input 'arg1' has shape (2,4), expected (2,3)");
  InputShapes joined({Shape{2, 3, 4, 4}, Shape{2, 5, 4, 4}}, {"arg0", "arg1"});
  EXPECT_EQ(infer_shapes(Concat{2}, joined).front(), (Shape{2, 8, 4, 4}));
  InputShapes uneven({Shape{2, 3, 4, 4}, Shape{2, 5, 4, 5}}, {"arg0", "arg1"});
  EXPECT_EQ(message_of([&] { (void)infer_shapes(Concat{2}, uneven); }),
            "input 'arg1' has shape (2,5,4,5), expected (2,5,4,4)");
}

TEST(InferShapes, PreluSlopesArePerChannelUnlessGivenAsOne) {
  const LeakyRelu op{.kind = LeakyKind::kPrelu};
  InputShapes unknown({Shape{2, 3, 4, 4}, std::nullopt}, {"data", "gamma"});
  (void)infer_shapes(op, unknown);
  EXPECT_EQ(unknown.shapes()[1], Shape{3});
  InputShapes shared({Shape{2, 3, 4, 4}, Shape{1}}, {"data", "gamma"});
  (void)infer_shapes(op, shared);
  EXPECT_EQ(shared.shapes()[1], Shape{1});
}

}  // namespace

}  // namespace orthrus
