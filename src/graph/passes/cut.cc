#include "graph/passes/cut.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"
#include "graph/passes/rebuild.h"

namespace orthrus {

namespace {

// For each node, whether one of `outputs` depends on it.
std::vector<bool> ancestors(const Graph& graph, const std::vector<Edge>& outputs) {
  std::vector<bool> needed(static_cast<size_t>(graph.size()), false);
  for (const Edge& edge : outputs) needed[static_cast<size_t>(edge.node)] = true;
  for (int id = graph.size() - 1; id >= 0; --id) {
    if (!needed[static_cast<size_t>(id)]) continue;
    for (const Edge& edge : graph.node(id).inputs) needed[static_cast<size_t>(edge.node)] = true;
  }
  return needed;
}

std::string hint_for(const Graph& graph, std::string_view name) {
  std::vector<std::string> layers;
  for (int id = 0; id < graph.size(); ++id) {
    if (!graph.role(id)) layers.push_back(graph.node(id).name);
  }
  std::string hint = did_you_mean(name, layers);
  if (!hint.empty() || layers.empty()) return hint;
  constexpr size_t kShown = 5;
  hint = "its last layers are:";
  for (size_t i = layers.size() - std::min(kShown, layers.size()); i < layers.size(); ++i) {
    hint += " " + layers[i];
  }
  return hint;
}

}  // namespace

Edge find_cut(const Graph& graph) {
  for (int id = graph.size() - 1; id >= 0; --id) {
    const Node& node = graph.node(id);
    if (std::holds_alternative<FullyConnected>(node.op)) return node.inputs.front();
  }
  throw input_error("the network has no FullyConnected layer to cut in front of")
      .with_hint("name the layer that gives the features: --layer NAME");
}

Edge find_layer(const Graph& graph, std::string_view name) {
  constexpr std::string_view kSuffix = "_output";
  std::string_view bare = name;
  if (bare.ends_with(kSuffix)) bare.remove_suffix(kSuffix.size());
  for (const std::string_view candidate : {name, bare}) {
    const std::optional<int> id = graph.find(candidate);
    if (id && !graph.role(*id)) return {*id, 0};
  }
  throw input_error("the network has no layer '{}'", name).with_hint(hint_for(graph, bare));
}

Graph cut(const Graph& graph, Edge edge) {
  return keep_ancestors(graph, {edge});
}

Graph above(const Graph& graph, int point) {
  Graph opened;
  for (int id = 0; id < graph.size(); ++id) {
    if (id == point) {
      opened.add_variable(graph.node(id).name, VariableRole::kInput);
    } else {
      opened.add(graph.node(id));
    }
  }
  Graph upper = keep_ancestors(opened, graph.outputs());
  if (upper.variables(VariableRole::kInput).size() != 1) {
    throw input_error("the network cannot be divided at '{}': other layers are read behind it",
                      graph.node(point).name);
  }
  return upper;
}

Graph keep_ancestors(const Graph& graph, const std::vector<Edge>& outputs) {
  const std::vector<bool> needed = ancestors(graph, outputs);
  return rebuild(graph, outputs, [&](int id) {
    return needed[static_cast<size_t>(id)] ? std::optional(graph.node(id)) : std::nullopt;
  });
}

}  // namespace orthrus
