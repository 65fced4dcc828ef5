#include "graph/passes/rebuild.h"

#include <utility>

namespace orthrus {

Graph rebuild(const Graph& graph, std::vector<Edge> outputs,
              const std::function<std::optional<Node>(int id)>& node_of) {
  Graph result;
  std::vector<int> new_ids(static_cast<size_t>(graph.size()), -1);
  const auto renumber = [&](std::vector<Edge>& edges) {
    for (Edge& edge : edges) edge.node = new_ids[static_cast<size_t>(edge.node)];
  };
  for (int id = 0; id < graph.size(); ++id) {
    std::optional<Node> node = node_of(id);
    if (!node) continue;
    renumber(node->inputs);
    new_ids[static_cast<size_t>(id)] = result.add(std::move(*node));
  }
  renumber(outputs);
  result.set_outputs(std::move(outputs));
  return result;
}

}  // namespace orthrus
