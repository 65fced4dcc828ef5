// What every pass does that returns a changed graph: copy it node by node, some replaced and some
// left out, and number the edges anew.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "graph/graph.h"

namespace orthrus {

// `node_of` says what stands in the place of node `id`: a node whose inputs are numbered as in
// `graph`, or nothing. `outputs` become those of the result. Whatever is read must be there, and
// stand before its readers.
[[nodiscard]] Graph rebuild(const Graph& graph, std::vector<Edge> outputs,
                            const std::function<std::optional<Node>(int id)>& node_of);

}  // namespace orthrus
