#include "graph/passes/stochastic_depth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "graph/builders/resnet.h"

namespace orthrus {
namespace {

struct Branch {
  std::string name;
  std::string operand;  // what is left out
  double p = 0;
};

std::vector<Branch> branches_of(const Graph& graph) {
  std::vector<Branch> branches;
  for (const Node& node : graph.nodes()) {
    const auto* drop = std::get_if<Dropout>(&node.op);
    if (drop == nullptr || !drop->whole) continue;
    branches.push_back({node.name, graph.node(node.inputs[0].node).name, drop->p});
  }
  return branches;
}

TEST(StochasticDepth, LeavesOutBranchesAndNoShortcut) {
  for (const char* name : {"resnet18_v2", "resnet18_v1b"}) {
    const Graph graph = build_network(name, 10);
    const std::vector<Branch> branches = branches_of(add_stochastic_depth(graph, 0.4));
    ASSERT_EQ(branches.size(), 8U) << name;
    for (size_t i = 0; i < branches.size(); ++i) {
      EXPECT_DOUBLE_EQ(branches[i].p, 0.05 * static_cast<double>(i + 1));
      EXPECT_THAT(branches[i].operand, ::testing::HasSubstr("2")) << name;
      EXPECT_THAT(branches[i].operand, ::testing::Not(::testing::HasSubstr("sc"))) << name;
    }
  }
}

TEST(StochasticDepth, ChangesNoOtherLayerAndNoShape) {
  const Graph graph = build_network("resnet18_v2", 10);
  const Graph dropping = add_stochastic_depth(graph, 0.1);
  EXPECT_EQ(dropping.size(), graph.size() + 8);
  for (const Node& node : graph.nodes()) {
    EXPECT_TRUE(dropping.find(node.name)) << node.name;
  }
  const Shape pictures = {2, 3, 64, 64};
  EXPECT_EQ(infer_shapes(dropping, {{"data", pictures}}).back(),
            infer_shapes(graph, {{"data", pictures}}).back());
}

TEST(StochasticDepth, RefusesNetworksWithoutBranches) {
  Graph graph;
  graph.add_variable("data", VariableRole::kInput);
  EXPECT_THROW((void)add_stochastic_depth(graph, 0.1), Error);
}

}  // namespace
}  // namespace orthrus
