#include "graph/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_matcher.h"
#include "graph/builders/resnet.h"
#include "graph/passes/cut.h"
#include "graph/passes/freeze.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct ResidualNetwork {
  explicit ResidualNetwork(const char* name, int64_t size)
      : graph(build_network(name, 10)),
        shapes(infer_shapes(graph, {{"data", {1, 3, size, size}}})),
        features(*graph.find("flatten0")) {}

  [[nodiscard]] std::vector<std::string> ends() const {
    std::vector<std::string> names;
    for (const Stage& stage : find_stages(graph, shapes, features)) {
      names.push_back(
          fmt::format("{} {}x{}", graph.node(stage.end).name, stage.height, stage.width));
    }
    return names;
  }

  Graph graph;
  std::vector<Shape> shapes;
  int features;
};

TEST(Stages, OfAPreActivationNetworkEndAtTheSums) {
  EXPECT_THAT(
      ResidualNetwork("resnet18_v2", 224).ends(),
      ElementsAre("relu0 112x112", "_plus1 56x56", "_plus3 28x28", "_plus5 14x14", "flatten0 7x7"));
  EXPECT_THAT(ResidualNetwork("resnet14_small", 28).ends(),
              ElementsAre("_plus1 28x28", "_plus3 14x14", "flatten0 7x7"));
}

TEST(Stages, OfAPostActivationNetworkEndAtTheReluBehindTheSums) {
  EXPECT_THAT(ResidualNetwork("resnet50_v1", 224).ends(),
              ElementsAre("relu0 112x112", "stage1_unit3_relu3 56x56", "stage2_unit4_relu3 28x28",
                          "stage3_unit6_relu3 14x14", "flatten0 7x7"));
}

TEST(Points, LieWhereOneValueIsAllThatIsReadLater) {
  const ResidualNetwork network("resnet18_v1", 224);
  std::vector<std::string> names;
  for (const int point : find_points(network.graph, network.features)) {
    names.push_back(network.graph.node(point).name);
  }
  const auto has = [&](const char* name) { return std::ranges::count(names, name) == 1; };
  EXPECT_EQ(names.front(), "data");
  EXPECT_EQ(names.back(), "flatten0");
  EXPECT_TRUE(has("conv0"));
  EXPECT_TRUE(has("stage2_unit2_relu3"));
  EXPECT_FALSE(has("stage2_unit2_conv1")) << "the shortcut goes past it";
}

TEST(Above, ReadsThePointAsItsInput) {
  const ResidualNetwork network("resnet18_v2", 224);
  const Graph upper = above(network.graph, *network.graph.find("_plus5"));
  EXPECT_EQ(upper.role(*upper.find("_plus5")), VariableRole::kInput);
  EXPECT_FALSE(upper.find("data"));
  EXPECT_FALSE(upper.find("stage3_unit2_conv1"));
  EXPECT_TRUE(upper.find("stage4_unit1_bn1_gamma"));
  EXPECT_EQ(upper.node(upper.outputs()[0].node).name, "softmax");
}

TEST(Above, RefusesWhatIsNoPoint) {
  const ResidualNetwork network("resnet18_v2", 224);
  const Error error =
      error_of([&] { (void)above(network.graph, *network.graph.find("stage2_unit2_conv1")); });
  EXPECT_THAT(error.message(), HasSubstr("cannot be divided at 'stage2_unit2_conv1'"));
}

TEST(Freeze, SetsTheStatisticsOfTheNamedBatchNormsAlone) {
  const ResidualNetwork network("resnet18_v2", 224);
  const Graph frozen =
      freeze_batch_norm(network.graph, [](std::string_view name) { return name == "bn0"; });
  for (const Node& node : frozen.nodes()) {
    const auto* norm = std::get_if<BatchNorm>(&node.op);
    if (norm == nullptr) continue;
    EXPECT_EQ(norm->use_global_stats, node.name == "bn0") << node.name;
  }
  EXPECT_EQ(frozen.outputs(), network.graph.outputs());
}

}  // namespace
}  // namespace orthrus
