#include "graph/builders/resnet.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>

#include "base/error.h"

namespace orthrus {

namespace {

std::map<std::string, Shape> shapes_by_name(const Graph& graph, const Shape& data) {
  const std::vector<Shape> shapes = infer_shapes(graph, {{"data", data}});
  std::map<std::string, Shape> result;
  for (int id = 0; id < graph.size(); ++id) {
    result[graph.node(id).name] = shapes[static_cast<size_t>(id)];
  }
  return result;
}

int64_t parameter_count(const Graph& graph, const Shape& data) {
  const std::vector<Shape> shapes = infer_shapes(graph, {{"data", data}});
  int64_t count = 0;
  for (const int id : graph.variables(VariableRole::kParameter)) {
    count += shapes[static_cast<size_t>(id)].elements();
  }
  return count;
}

const Convolution& convolution(const Graph& graph, const std::string& name) {
  return std::get<Convolution>(graph.node(graph.find(name).value()).op);
}

// Parameter counts as published by torchvision for the same networks (v1 and v1b agree with each
// other), plus the convolution and BatchNorm that these builders put on the first shortcut of stage
// 1 of the basic networks (64 x 64 + 2 x 64), which torchvision leaves out.
TEST(Resnet, PostActivationNetworksHaveThePublishedSizes) {
  const int64_t first_shortcut = 64 * 64 + 2 * 64;
  const std::map<std::string, int64_t> published = {{"resnet18", 11689512 + first_shortcut},
                                                    {"resnet34", 21797672 + first_shortcut},
                                                    {"resnet50", 25557032},
                                                    {"resnet101", 44549160},
                                                    {"resnet152", 60192808}};
  for (const auto& [name, count] : published) {
    for (const char* version : {"_v1", "_v1b"}) {
      EXPECT_EQ(parameter_count(build_network(name + version, 1000), {1, 3, 224, 224}), count)
          << name << version;
    }
  }
}

TEST(Resnet, EveryNetworkHasShapesForItsPictures) {
  for (const BuiltinNetwork& network : builtin_networks()) {
    const bool small = network.spec.stem == ResnetStem::kSmall;
    const Graph graph = build_network(network.name, 7);
    const Shape data = small ? Shape{2, 3, 32, 32} : Shape{2, 3, 224, 224};
    const std::map<std::string, Shape> shapes = shapes_by_name(graph, data);
    EXPECT_EQ(shapes.at("softmax"), (Shape{2, 7})) << network.name;
    EXPECT_EQ(shapes.at("flatten0"), (Shape{2, network.spec.widths.back()})) << network.name;
    EXPECT_EQ(shapes.at(small ? "conv0" : "pooling0"),
              (small ? Shape{2, 16, 32, 32} : Shape{2, 64, 56, 56}))
        << network.name;
  }
}

TEST(Resnet, SmallNetworksTakeOneChannelOf28Pixels) {
  const auto shapes = shapes_by_name(build_network("resnet20_small", 10), {4, 1, 28, 28});
  EXPECT_EQ(shapes.at("stage2_unit1_sc"), (Shape{4, 32, 14, 14}));
  EXPECT_EQ(shapes.at("relu1"), (Shape{4, 64, 7, 7}));
  EXPECT_EQ(shapes.at("conv0_weight"), (Shape{16, 1, 3, 3}));
}

TEST(Resnet, TheStrideOfABottleneckIsWhereTheVersionSays) {
  for (const auto& [name, first, second] :
       {std::tuple{"resnet50_v1", 2, 1}, std::tuple{"resnet50_v1b", 1, 2},
        std::tuple{"resnet50_v2", 1, 2}}) {
    const Graph graph = build_network(name, 10);
    EXPECT_EQ(convolution(graph, "stage2_unit1_conv1").stride, (Pair{first, first})) << name;
    EXPECT_EQ(convolution(graph, "stage2_unit1_conv2").stride, (Pair{second, second})) << name;
    EXPECT_EQ(convolution(graph, "stage1_unit1_conv2").stride, (Pair{1, 1})) << name;
  }
}

TEST(Resnet, DepthIsTheNumberOfWeightedLayersOnTheMainPath) {
  for (const BuiltinNetwork& network : builtin_networks()) {
    const Graph graph = build_network(network.name, 10);
    // Wide networks are named by all of their convolutions.
    const bool wide = network.name.starts_with("wrn");
    int layers = 0;
    for (const Node& node : graph.nodes()) {
      const bool shortcut = node.name.ends_with("sc");
      if (std::holds_alternative<Convolution>(node.op) && (wide || !shortcut)) ++layers;
      if (std::holds_alternative<FullyConnected>(node.op) && !wide) ++layers;
    }
    const std::string family = wide ? "wrn" : "resnet";
    EXPECT_TRUE(network.name.starts_with(family + std::to_string(layers) + "_"))
        << network.name << " has " << layers;
    EXPECT_FALSE(network.description.empty());
  }
}

TEST(Resnet, OnlyThePicturesBatchNormFixesGamma) {
  const Graph graph = build_network("resnet18_v2", 10);
  for (const Node& node : graph.nodes()) {
    const auto* batch_norm = std::get_if<BatchNorm>(&node.op);
    if (batch_norm == nullptr) continue;
    EXPECT_EQ(batch_norm->fix_gamma, node.name == "bn_data") << node.name;
    EXPECT_EQ(batch_norm->eps, 2e-5) << node.name;
    EXPECT_EQ(batch_norm->momentum, 0.9) << node.name;
  }
}

TEST(Resnet, AnUnknownNameIsRefusedWithTheNearest) {
  try {
    (void)build_network("resnet50v2", 10);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "there is no built-in network 'resnet50v2'");
    EXPECT_NE(error.hint().find("resnet50_v2"), std::string::npos) << error.hint();
  }
  try {
    (void)build_network("vgg", 10);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("resnet20_small"), std::string::npos) << error.hint();
  }
}

TEST(Resnet, NoClassesAreRefused) {
  EXPECT_THROW((void)build_network("resnet18_v2", 0), Error);
}

}  // namespace

}  // namespace orthrus
