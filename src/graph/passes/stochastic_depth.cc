#include "graph/passes/stochastic_depth.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/error.h"

namespace orthrus {
namespace {

// The most convolutions in a row up to each node, with it.
std::vector<int> convolutions_before(const Graph& graph) {
  std::vector<int> depth(static_cast<size_t>(graph.size()), 0);
  for (int id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    int& own = depth[static_cast<size_t>(id)];
    for (const Edge& edge : node.inputs) own = std::max(own, depth[static_cast<size_t>(edge.node)]);
    if (std::holds_alternative<Convolution>(node.op)) ++own;
  }
  return depth;
}

// The operand of each Add that is a residual branch.
std::map<int, size_t> residual_branches(const Graph& graph) {
  const std::vector<int> depth = convolutions_before(graph);
  std::map<int, size_t> branches;
  for (int id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    const auto* add = std::get_if<Add>(&node.op);
    if (add == nullptr || add->num_inputs != 2) continue;
    const int first = depth[static_cast<size_t>(node.inputs[0].node)];
    const int second = depth[static_cast<size_t>(node.inputs[1].node)];
    if (first != second) branches.emplace(id, first > second ? 0 : 1);
  }
  return branches;
}

}  // namespace

Graph add_stochastic_depth(const Graph& graph, double p) {
  const std::map<int, size_t> branches = residual_branches(graph);
  if (branches.empty()) {
    throw usage_error("there is no residual branch that stochastic depth could leave out");
  }
  Graph result;
  std::vector<int> new_ids;
  const auto renumber = [&](std::vector<Edge>& edges) {
    for (Edge& edge : edges) edge.node = new_ids[static_cast<size_t>(edge.node)];
  };
  int number = 0;
  for (int id = 0; id < graph.size(); ++id) {
    Node node = graph.node(id);
    renumber(node.inputs);
    if (const auto branch = branches.find(id); branch != branches.end()) {
      Edge& operand = node.inputs[branch->second];
      ++number;
      const Dropout drop{.p = p * number / static_cast<double>(branches.size()), .whole = true};
      operand = {result.add({.name = node.name + "_branch", .op = drop, .inputs = {operand}})};
    }
    new_ids.push_back(result.add(std::move(node)));
  }
  std::vector<Edge> outputs = graph.outputs();
  renumber(outputs);
  result.set_outputs(std::move(outputs));
  return result;
}

}  // namespace orthrus
