// The freeze pass: BatchNorms that use and keep their stored statistics in training too.
#pragma once

#include <functional>
#include <string_view>

#include "graph/graph.h"

namespace orthrus {

// Returns the graph in which the BatchNorms that `frozen` answers to by name have
// use_global_stats.
[[nodiscard]] Graph freeze_batch_norm(const Graph& graph,
                                      const std::function<bool(std::string_view name)>& frozen);

}  // namespace orthrus
