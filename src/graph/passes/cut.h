// Cutting a network: where its features end and its classifier begins, and the part of it that
// computes them. It decides nothing about what is put in the classifier's place.
#pragma once

#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace orthrus {

// The features of a classifier: what its last FullyConnected (in graph order) reads. Throws kInput
// when there is none.
[[nodiscard]] Edge find_cut(const Graph& graph);

// The output of the layer of that name; MXNet's spelling `<layer>_output` is understood too. Throws
// kInput, with the nearest names as the hint, when there is no such layer.
[[nodiscard]] Edge find_layer(const Graph& graph, std::string_view name);

// The nodes that `edge` depends on, in their order, with `edge` as the only output.
[[nodiscard]] Graph cut(const Graph& graph, Edge edge);

// What is left of `graph` when `point` (graph/stages.h) is given from outside: an input variable
// takes its place and name. Throws kInput when an output depends on something below in another way.
[[nodiscard]] Graph above(const Graph& graph, int point);

// The nodes that `outputs` depend on, in their order, with `outputs` as the outputs.
[[nodiscard]] Graph keep_ancestors(const Graph& graph, const std::vector<Edge>& outputs);

}  // namespace orthrus
