#include "formats/mxnet/symbol.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>

#include "base/file.h"
#include "formats/testing.h"
#include "graph/passes/cut.h"

namespace orthrus::mxnet {
namespace {

using testing::golden;
using testing::listing;

// Everything that a graph says: names, edges, roles, and the operators' attributes as written.
std::string whole(const Graph& graph) {
  return listing(graph) + symbol_json(graph);
}

Graph network(const std::string& name) {
  return read_symbol(golden(name + "-symbol.json"));
}

template <typename Attributes>
const Attributes& layer(const Graph& graph, std::string_view name) {
  return std::get<Attributes>(graph.node(graph.find(name).value()).op);
}

const Variable& variable(const Graph& graph, std::string_view name) {
  return layer<Variable>(graph, name);
}

TEST(Symbol, AllGenerationsGiveOneGraph) {
  const std::string newest = whole(network("preact"));
  EXPECT_EQ(whole(network("preact-legacy")), newest);
  EXPECT_EQ(whole(network("preact-attr")), newest);
}

TEST(Symbol, RolesFollowFromUse) {
  const Graph graph = network("preact");
  EXPECT_EQ(variable(graph, "data").role, VariableRole::kInput);
  EXPECT_EQ(variable(graph, "softmax_label").role, VariableRole::kLabel);
  EXPECT_EQ(variable(graph, "bn_data_moving_var").role, VariableRole::kAuxiliary);
  EXPECT_EQ(variable(graph, "bn_data_gamma").role, VariableRole::kParameter);
  EXPECT_EQ(graph.variables(VariableRole::kInput).size(), 1u);
  EXPECT_EQ(graph.variables(VariableRole::kLabel).size(), 1u);
}

TEST(Symbol, AttributesOfThePreactivationNetwork) {
  const Graph graph = network("preact");
  const auto& bn = layer<BatchNorm>(graph, "bn_data");
  EXPECT_EQ(bn.eps, 2e-5);
  EXPECT_EQ(bn.momentum, 0.9);
  EXPECT_TRUE(bn.fix_gamma);
  const auto& conv = layer<Convolution>(graph, "conv0");
  EXPECT_EQ(conv.num_filter, 8);
  EXPECT_EQ(conv.kernel, (Pair{7, 7}));
  EXPECT_EQ(conv.stride, (Pair{2, 2}));
  EXPECT_EQ(conv.pad, (Pair{3, 3}));
  EXPECT_EQ(conv.dilate, (Pair{1, 1}));
  EXPECT_FALSE(conv.has_bias);
  EXPECT_TRUE(layer<Pooling>(graph, "pool1").global);
}

TEST(Symbol, DefaultsAreThoseOfMxnet) {
  const Graph graph = network("v1");
  const auto& bn = layer<BatchNorm>(graph, "bn0");
  EXPECT_EQ(bn.eps, 1e-3);
  EXPECT_EQ(bn.momentum, 0.9);
  EXPECT_TRUE(bn.fix_gamma);
  EXPECT_FALSE(bn.use_global_stats);
}

TEST(Symbol, EveryGoldenNetworkHasShapes) {
  for (const char* name : {"preact", "v1", "plain", "plain-nodrop", "preact-finetune",
                           "v1-finetune", "plain-finetune"}) {
    const Graph graph = network(name);
    EXPECT_NO_THROW((void)infer_shapes(graph, {{"data", {2, 3, 32, 32}}})) << name;
  }
  const Graph graph = network("preact-nonsquare");
  EXPECT_NO_THROW((void)infer_shapes(graph, {{"data", {2, 3, 56, 40}}}));
}

TEST(Symbol, CutAtTheFeaturesIsTheGoldenBackbone) {
  for (const char* name : {"preact", "v1", "plain"}) {
    const Graph graph = network(name);
    const Graph fine_tuned = network(name + std::string("-finetune"));
    const Graph golden_backbone = cut(fine_tuned, find_layer(fine_tuned, "flatten0"));
    EXPECT_EQ(whole(cut(graph, find_layer(graph, "flatten0"))), whole(golden_backbone)) << name;
  }
}

TEST(Symbol, WritingAndReadingGivesTheSameGraph) {
  for (const char* name :
       {"preact", "preact-legacy", "preact-nonsquare", "v1", "plain", "plain-finetune"}) {
    const Graph graph = network(name);
    EXPECT_EQ(whole(parse_symbol(symbol_json(graph), "written")), whole(graph)) << name;
  }
}

// MXNet counts the outputs of each node, hidden ones too; the numbers in the written file must be
// its.
TEST(Symbol, OutputsAreCountedAsMxnetDoes) {
  const auto row_pointers = [](std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    const size_t start = text.find("\"node_row_ptr\"");
    return text.substr(start, text.find(']', start) - start);
  };
  for (const char* name : {"preact", "v1"}) {
    const std::string original = read_text(golden(name + std::string("-symbol.json")));
    EXPECT_EQ(row_pointers(symbol_json(network(name))), row_pointers(original)) << name;
  }
}

TEST(Symbol, EveryAttributeSurvivesTheRoundTrip) {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int weight = graph.add({"c_weight", Variable{.lr_mult = 0.5, .wd_mult = 0}, {}});
  const Convolution conv{.num_filter = 4,
                         .kernel = {3, 1},
                         .stride = {2, 1},
                         .dilate = {1, 2},
                         .pad = {1, 0},
                         .num_group = 2,
                         .has_bias = false};
  const int convolved = graph.add({"c", conv, {{data, 0}, {weight, 0}}});
  const Pooling pooling{.kind = PoolingKind::kAverage,
                        .convention = PoolingConvention::kFull,
                        .kernel = {2, 3},
                        .stride = {2, 2},
                        .pad = {1, 1},
                        .count_include_pad = false};
  const int pooled = graph.add({"p", pooling, {{convolved, 0}}});
  const int gamma = graph.add_variable("prelu_gamma", VariableRole::kParameter);
  const LeakyRelu prelu{.kind = LeakyKind::kPrelu, .slope = 0.125};
  const int leaky = graph.add({"prelu", prelu, {{pooled, 0}, {gamma, 0}}});
  const int sum = graph.add({"sum", Add{3}, {{pooled, 0}, {leaky, 0}, {pooled, 0}}});
  const int both = graph.add({"both", Concat{2}, {{sum, 0}, {leaky, 0}}});
  const int dropped = graph.add({"drop", Dropout{.p = 0.3, .whole = true}, {{both, 0}}});
  const int soft = graph.add({"soft", Activation{ActivationKind::kSoftsign}, {{dropped, 0}}});
  const int fc_weight = graph.add_variable("fc_weight", VariableRole::kParameter);
  const int fc_bias = graph.add_variable("fc_bias", VariableRole::kParameter);
  const FullyConnected fc{.num_hidden = 5};
  const int logits = graph.add({"fc", fc, {{soft, 0}, {fc_weight, 0}, {fc_bias, 0}}});
  const int label = graph.add_variable("loss_label", VariableRole::kLabel);
  const SoftmaxOutput loss{.grad_scale = 0.1,
                           .ignore_label = 255,
                           .use_ignore = true,
                           .normalization = LossNormalization::kValid,
                           .smooth_alpha = 0.1};
  graph.set_outputs({{graph.add({"loss", loss, {{logits, 0}, {label, 0}}}), 0}});

  const Graph read = parse_symbol(symbol_json(graph), "written");
  EXPECT_EQ(whole(read), whole(graph));
  EXPECT_EQ(layer<Convolution>(read, "c").dilate, conv.dilate);
  EXPECT_EQ(layer<Convolution>(read, "c").num_group, 2);
  EXPECT_EQ(layer<Pooling>(read, "p").convention, PoolingConvention::kFull);
  EXPECT_FALSE(layer<Pooling>(read, "p").count_include_pad);
  EXPECT_EQ(layer<LeakyRelu>(read, "prelu").kind, LeakyKind::kPrelu);
  EXPECT_EQ(layer<Dropout>(read, "drop").p, 0.3);
  EXPECT_TRUE(layer<Dropout>(read, "drop").whole);
  EXPECT_EQ(layer<SoftmaxOutput>(read, "loss").ignore_label, 255);
  EXPECT_EQ(layer<SoftmaxOutput>(read, "loss").normalization, LossNormalization::kValid);
  EXPECT_EQ(layer<SoftmaxOutput>(read, "loss").smooth_alpha, 0.1);
  EXPECT_EQ(variable(read, "c_weight").lr_mult, 0.5);
  EXPECT_EQ(variable(read, "c_weight").wd_mult, 0);
  EXPECT_EQ(variable(read, "fc_weight").wd_mult, -1);
}

TEST(Symbol, SampleWeightsStayOutOfTheFile) {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int weights = graph.add_variable("softmax_weight", VariableRole::kSampleWeight);
  const int label = graph.add_variable("softmax_label", VariableRole::kLabel);
  const SoftmaxOutput loss{.has_sample_weight = true};
  graph.set_outputs({{graph.add({"softmax", loss, {{data, 0}, {label, 0}, {weights, 0}}}), 0}});
  const Graph read = parse_symbol(symbol_json(graph), "written");
  EXPECT_EQ(listing(read),
            "data Variable role 0 lr 1 wd -1\n"
            "softmax_label Variable role 1 lr 1 wd -1\n"
            "softmax SoftmaxOutput 0 1\n"
            "output 2\n");
}

TEST(Symbol, LossesThatMxnetLacksAreWrittenAsThoseThatAnswerTheSame) {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int tags_label = graph.add_variable("tags_label", VariableRole::kLabel);
  const int weight = graph.add_variable("tags_sample_weight", VariableRole::kSampleWeight);
  const LogisticOutput logistic{
      .grad_scale = 0.5, .smooth_alpha = 0.1, .focal_gamma = 2, .has_sample_weight = true};
  const int tags = graph.add({"tags", logistic, {{data}, {tags_label}, {weight}}});
  const int kind_label = graph.add_variable("kind_label", VariableRole::kLabel);
  const SoftmaxOutput softmax{.smooth_alpha = 0.1, .focal_gamma = 2};
  const int kind = graph.add({"kind", softmax, {{data}, {kind_label}}});
  graph.set_outputs({{tags}, {kind}});
  const std::string text = symbol_json(graph);
  EXPECT_THAT(text, Not(::testing::HasSubstr("focal")));
  const Graph read = parse_symbol(text, "written");
  const auto& again = layer<LogisticOutput>(read, "tags");
  EXPECT_EQ(again.grad_scale, 0.5);
  EXPECT_EQ(again.focal_gamma, 0);
  EXPECT_FALSE(again.has_sample_weight);
  EXPECT_EQ(variable(read, "tags_label").role, VariableRole::kLabel);
  EXPECT_EQ(layer<SoftmaxOutput>(read, "kind").smooth_alpha, 0.1);
}

TEST(Symbol, AFusedBatchNormIsNotWritten) {
  Graph graph;
  std::vector<Edge> inputs = {{graph.add_variable("data", VariableRole::kInput), 0}};
  for (const char* name : {"gamma", "beta"}) {
    inputs.push_back({graph.add_variable(name, VariableRole::kParameter), 0});
  }
  for (const char* name : {"mean", "var"}) {
    inputs.push_back({graph.add_variable(name, VariableRole::kAuxiliary), 0});
  }
  graph.set_outputs({{graph.add({"bn", BatchNorm{.fused_relu = true}, inputs}), 0}});
  try {
    (void)symbol_json(graph);
    FAIL() << "a fused BatchNorm was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
  }
}

TEST(Symbol, MultipliersOfTheGoldenNetwork) {
  const Graph graph = read_symbol(ORTHRUS_TEST_DIR "/golden/mxnet/ops/multipliers-symbol.json");
  EXPECT_EQ(variable(graph, "a_weight").lr_mult, 0.5);
  EXPECT_EQ(variable(graph, "a_weight").wd_mult, 3);
  EXPECT_EQ(variable(graph, "a_bias").lr_mult, 1);
  EXPECT_EQ(variable(graph, "a_bias").wd_mult, 2);
  EXPECT_EQ(variable(graph, "b_weight").lr_mult, 0);
  EXPECT_EQ(variable(graph, "b_bias").wd_mult, -1);
}

TEST(Symbol, ResNet50OfTheAncestor) {
  const char* path = std::getenv("ORTHRUS_RESNET50_SYMBOL");
  if (path == nullptr) {
    GTEST_SKIP() << "ORTHRUS_RESNET50_SYMBOL is not set: the upstream's resnet-50-symbol.json";
  }
  const Graph graph = read_symbol(path);
  EXPECT_EQ(graph.variables(VariableRole::kAuxiliary).size(), 2u * 51);
  EXPECT_EQ(graph.size(), 334 + 2 * 51);  // what the file holds, and what it leaves out
  const Edge features = find_cut(graph);
  EXPECT_EQ(graph.node(features.node).name, "flatten0");
  const Graph backbone = cut(graph, features);
  EXPECT_EQ(infer_shapes(backbone, {{"data", {1, 3, 224, 224}}}).back(), Shape({1, 2048}));
  EXPECT_EQ(whole(parse_symbol(symbol_json(graph), "written")), whole(graph));
}

}  // namespace
}  // namespace orthrus::mxnet
