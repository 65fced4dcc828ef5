#include "graph/passes/cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_matcher.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;

// data -> conv0 -> flatten0 -> fc1 -> relu1 -> fc2 -> softmax, and a layer beside that nobody
// reads.
Graph small_classifier() {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int weight = graph.add_variable("conv0_weight", VariableRole::kParameter);
  const Convolution conv{.num_filter = 4, .kernel = {3, 3}, .has_bias = false};
  const int features = graph.add({"conv0", conv, {{data, 0}, {weight, 0}}});
  const int flat = graph.add({"flatten0", Flatten{}, {{features, 0}}});
  int last = flat;
  for (const char* name : {"fc1", "fc2"}) {
    const int fc_weight =
        graph.add_variable(name + std::string("_weight"), VariableRole::kParameter);
    const FullyConnected fc{.num_hidden = 2, .has_bias = false};
    last = graph.add({name, fc, {{last, 0}, {fc_weight, 0}}});
    if (name == std::string("fc1")) last = graph.add({"relu1", Activation{}, {{last, 0}}});
  }
  const int label = graph.add_variable("softmax_label", VariableRole::kLabel);
  graph.set_outputs({{graph.add({"softmax", SoftmaxOutput{}, {{last, 0}, {label, 0}}}), 0}});
  graph.add({"beside", Flatten{}, {{features, 0}}});
  return graph;
}

std::string text_of(const Error& error) {
  return error.message() + " | " + error.hint();
}

std::string refusal(const Graph& graph, const char* layer) {
  return text_of(error_of([&] { (void)find_layer(graph, layer); }));
}

TEST(Cut, FindsTheInputOfTheLastFullyConnected) {
  const Graph graph = small_classifier();
  EXPECT_EQ(graph.node(find_cut(graph).node).name, "relu1");
}

TEST(Cut, WithoutFullyConnectedTheLayerIsToBeNamed) {
  const Graph graph = small_classifier();
  EXPECT_THAT(
      text_of(error_of([&] { (void)find_cut(cut(graph, find_layer(graph, "flatten0"))); })),
      HasSubstr("no FullyConnected layer to cut in front of | name the layer that gives the "
                "features: --layer NAME"));
}

TEST(Cut, FindsALayerWithAndWithoutOutput) {
  const Graph graph = small_classifier();
  EXPECT_EQ(find_layer(graph, "flatten0"), find_layer(graph, "flatten0_output"));
  EXPECT_EQ(graph.node(find_layer(graph, "conv0_output").node).name, "conv0");
}

TEST(Cut, SuggestsTheNearestLayers) {
  const Graph graph = small_classifier();
  EXPECT_THAT(refusal(graph, "flatten_output"),
              HasSubstr("no layer 'flatten_output' | did you mean 'flatten0'?"));
  EXPECT_THAT(refusal(graph, "zzzzzzzz"),
              HasSubstr("its last layers are: fc1 relu1 fc2 softmax beside"));
}

TEST(Cut, AVariableIsNoLayer) {
  EXPECT_THAT(refusal(small_classifier(), "conv0_weight"), HasSubstr("no layer 'conv0_weight'"));
}

TEST(Cut, KeepsTheAncestorsAlone) {
  const Graph graph = small_classifier();
  const Graph kept = cut(graph, find_layer(graph, "flatten0"));
  ASSERT_EQ(kept.size(), 4);
  EXPECT_EQ(kept.node(3).name, "flatten0");
  EXPECT_EQ(kept.outputs(), std::vector<Edge>({{3, 0}}));
  EXPECT_EQ(kept.role(0), VariableRole::kInput);
  EXPECT_EQ(infer_shapes(kept, {{"data", {2, 3, 5, 5}}}).back(), Shape({2, 36}));
}

TEST(Cut, KeepsSeveralOutputsInTheirOrder) {
  const Graph graph = small_classifier();
  const Graph kept = keep_ancestors(graph, {find_layer(graph, "beside"), find_layer(graph, "fc1")});
  EXPECT_FALSE(kept.find("fc2").has_value());
  ASSERT_EQ(kept.outputs().size(), 2u);
  EXPECT_EQ(kept.node(kept.outputs()[0].node).name, "beside");
  EXPECT_EQ(kept.node(kept.outputs()[1].node).name, "fc1");
}

}  // namespace
}  // namespace orthrus
