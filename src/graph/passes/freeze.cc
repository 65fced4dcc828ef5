#include "graph/passes/freeze.h"

#include <utility>

namespace orthrus {

Graph freeze_batch_norm(const Graph& graph,
                        const std::function<bool(std::string_view name)>& frozen) {
  Graph result;
  for (Node node : graph.nodes()) {
    auto* norm = std::get_if<BatchNorm>(&node.op);
    if (norm != nullptr && frozen(node.name)) norm->use_global_stats = true;
    result.add(std::move(node));
  }
  result.set_outputs(graph.outputs());
  return result;
}

}  // namespace orthrus
