#include "graph/passes/fold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders/resnet.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

Tensor tensor_of(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor(shape, DType::kF32);
  std::ranges::copy(values, tensor.data().begin());
  return tensor;
}

// data -> Convolution of one channel to two -> BatchNorm.
struct NormedConvolution {
  Graph graph;
  NamedTensors parameters;
  int convolution = 0, batch_norm = 0;

  explicit NormedConvolution(bool has_bias = false, bool fix_gamma = false) {
    const int data = graph.add_variable("data", VariableRole::kInput);
    std::vector<Edge> inputs = {{data, 0}, parameter("conv_weight", {2, 1, 1, 2}, {1, 2, 3, 4})};
    if (has_bias) inputs.push_back(parameter("conv_bias", {2}, {5, 6}));
    convolution = graph.add(
        {"conv", Convolution{.num_filter = 2, .kernel = {1, 2}, .has_bias = has_bias}, inputs});
    inputs = {{convolution, 0},
              parameter("bn_gamma", {2}, {2, 3}),
              parameter("bn_beta", {2}, {0.5F, -0.5F}),
              parameter("bn_mean", {2}, {1, 2}),
              parameter("bn_var", {2}, {3.75F, 0})};
    batch_norm = graph.add({"bn", BatchNorm{.eps = 0.25, .fix_gamma = fix_gamma}, inputs});
    graph.set_outputs({{batch_norm, 0}});
  }
  Edge parameter(const std::string& name, const Shape& shape, const std::vector<float>& values) {
    parameters[name] = tensor_of(shape, values);
    return {graph.add_variable(name, VariableRole::kParameter), 0};
  }
};

std::vector<float> folded_values(const NormedConvolution& network, const std::string& name) {
  const NamedTensors folded = fold_parameters(fold_batch_norm(network.graph), network.parameters);
  const auto values = folded.at(name).data();
  return {values.begin(), values.end()};
}

TEST(Fold, BatchNormBecomesWeightsAndBias) {
  const NormedConvolution network;
  const FoldedGraph folded = fold_batch_norm(network.graph);
  ASSERT_EQ(folded.graph.size(), 4);
  const Node& node = folded.graph.node(folded.graph.outputs()[0].node);
  EXPECT_EQ(node.name, "bn");
  EXPECT_TRUE(std::get<Convolution>(node.op).has_bias);
  EXPECT_FALSE(folded.graph.find("bn_gamma"));
  // scale = 2 / sqrt(3.75 + 0.25) and 3 / sqrt(0 + 0.25)
  EXPECT_THAT(folded_values(network, "conv_weight"), ElementsAre(1, 2, 18, 24));
  EXPECT_THAT(folded_values(network, "bn_beta"),
              ElementsAre(FloatNear(-0.5F, 1e-6F), FloatNear(-12.5F, 1e-5F)));
  EXPECT_EQ(network.parameters.at("conv_weight").data()[0], 1) << "the original stays";
}

TEST(Fold, TakesTheConvolutionsOwnBiasAlong) {
  const NormedConvolution network(true);
  EXPECT_FALSE(fold_batch_norm(network.graph).graph.find("conv_bias"));
  // 0.5 + (5 - 1) * 1, -0.5 + (6 - 2) * 6
  EXPECT_THAT(folded_values(network, "bn_beta"),
              ElementsAre(FloatNear(4.5F, 1e-6F), FloatNear(23.5F, 1e-5F)));
}

TEST(Fold, AFixedGammaCountsAsOne) {
  EXPECT_THAT(folded_values(NormedConvolution(false, true), "conv_weight"),
              ElementsAre(FloatNear(0.5F, 1e-6F), FloatNear(1, 1e-6F), FloatNear(6, 1e-5F),
                          FloatNear(8, 1e-5F)));
}

TEST(Fold, AConvolutionThatOthersReadStays) {
  NormedConvolution network;
  network.graph.set_outputs({{network.batch_norm, 0}, {network.convolution, 0}});
  const FoldedGraph folded = fold_batch_norm(network.graph);
  EXPECT_TRUE(folded.folded.empty());
  EXPECT_EQ(folded.graph, network.graph);
  EXPECT_EQ(fold_batch_norm(NormedConvolution().graph, {"conv"}).graph, NormedConvolution().graph);
}

TEST(Fold, AWeightThatTwoConvolutionsShareStays) {
  NormedConvolution network;
  const int weight = network.graph.find("conv_weight").value();
  const int other =
      network.graph.add({"other",
                         Convolution{.num_filter = 2, .kernel = {1, 2}, .has_bias = false},
                         {{0, 0}, {weight, 0}}});
  network.graph.set_outputs({{network.batch_norm, 0}, {other, 0}});
  EXPECT_TRUE(fold_batch_norm(network.graph).folded.empty());
}

TEST(Fold, MissingAndMisshapenParametersAreNamed) {
  NormedConvolution network;
  const FoldedGraph folded = fold_batch_norm(network.graph);
  network.parameters["bn_mean"] = Tensor::zeros({3});
  try {
    (void)fold_parameters(folded, network.parameters);
    FAIL() << "accepted a mean of 3";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("bn_mean: got (3), expected (2)"));
  }
  network.parameters.erase("bn_mean");
  EXPECT_THROW((void)fold_parameters(folded, network.parameters), std::exception);
}

TEST(Fold, PostActivationNetworksLoseEveryBatchNorm) {
  for (const BuiltinNetwork& network : builtin_networks()) {
    const FoldedGraph folded = fold_batch_norm(build_network(network.name, 10));
    const auto is_batch_norm = [](const Node& node) {
      return std::holds_alternative<BatchNorm>(node.op);
    };
    const auto left = std::ranges::count_if(folded.graph.nodes(), is_batch_norm);
    if (network.spec.version != ResnetVersion::kV2) {
      EXPECT_EQ(left, 0) << network.name;
    } else {
      EXPECT_GT(folded.folded.size(), 0U) << network.name;
    }
  }
}

}  // namespace
}  // namespace orthrus
