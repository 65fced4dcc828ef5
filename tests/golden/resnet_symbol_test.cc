// The built-in ResNet-50 v2 against the network file that came with MXNet's pretrained model.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/mxnet/symbol.h"
#include "graph/builders/resnet.h"

namespace orthrus {

namespace {

struct Layer {
  std::string op;
  nlohmann::json attributes;
  std::vector<std::string> inputs;
  bool operator==(const Layer&) const = default;
};

void PrintTo(const Layer& layer, std::ostream* out) {
  *out << layer.op << " " << layer.attributes << " of";
  for (const std::string& input : layer.inputs) *out << " " << input;
}

// Every layer by name, as MXNet would write it.
std::map<std::string, Layer> layers_of(const Graph& graph) {
  const nlohmann::json symbol = nlohmann::json::parse(mxnet::symbol_json(graph));
  const nlohmann::json& nodes = symbol.at("nodes");
  std::map<std::string, Layer> layers;
  for (const nlohmann::json& node : nodes) {
    Layer& layer = layers[node.at("name").get<std::string>()];
    layer.op = node.at("op").get<std::string>();
    if (node.contains("attrs")) layer.attributes = node.at("attrs");
    for (const nlohmann::json& input : node.at("inputs")) {
      layer.inputs.push_back(nodes.at(input.at(0).get<size_t>()).at("name").get<std::string>());
    }
  }
  return layers;
}

TEST(GoldenResnet, Resnet50IsMxnetsLayerForLayer) {
  const char* path = std::getenv("ORTHRUS_RESNET50_SYMBOL");
  if (path == nullptr) {
    GTEST_SKIP() << "ORTHRUS_RESNET50_SYMBOL is not set: the resnet-50-symbol.json of MXNet's "
                    "ImageNet model";
  }
  const Graph theirs = mxnet::read_symbol(path);
  const std::map<std::string, Layer> expected = layers_of(theirs);
  const std::map<std::string, Layer> built = layers_of(build_network("resnet50_v2", 1000));
  for (const auto& [name, layer] : expected) {
    ASSERT_TRUE(built.contains(name)) << name;
    EXPECT_EQ(built.at(name), layer) << name;
  }
  EXPECT_EQ(built.size(), expected.size());
  ASSERT_EQ(theirs.outputs().size(), 1u);
  EXPECT_EQ(theirs.node(theirs.outputs()[0].node).name, "softmax");
}

}  // namespace

}  // namespace orthrus
