#include "graph/passes/fuse.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace orthrus {

namespace {

// A chain found: the nodes it is made of, the last one being the ReLU.
struct Chain {
  int batch_norm = 0;
  std::optional<int> add;
  Edge residual;  // with add
};

class ChainFinder {
 public:
  ChainFinder(const Graph& graph, const std::vector<std::string>& keep)
      : graph_(graph), uses_(graph.use_counts()), keep_(keep.begin(), keep.end()) {}

  // The chain that ends in node `id`, if there is one.
  [[nodiscard]] std::optional<Chain> ending_at(int id) const {
    const auto* activation = std::get_if<Activation>(&graph_.node(id).op);
    if (activation == nullptr || activation->kind != ActivationKind::kRelu) return std::nullopt;
    const int before = graph_.node(id).inputs[0].node;
    if (is_plain_batch_norm(before)) return Chain{before, std::nullopt, {}};
    const auto* add = std::get_if<Add>(&graph_.node(before).op);
    if (add == nullptr || add->num_inputs != 2 || !may_vanish(before)) return std::nullopt;
    const std::vector<Edge>& operands = graph_.node(before).inputs;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      if (is_plain_batch_norm(operands[i].node)) {
        return Chain{operands[i].node, before, operands[1 - i]};
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool may_vanish(int id) const {
    return uses_[static_cast<size_t>(id)] == 1 && !keep_.contains(graph_.node(id).name);
  }
  [[nodiscard]] bool is_plain_batch_norm(int id) const {
    const auto* batch_norm = std::get_if<BatchNorm>(&graph_.node(id).op);
    return batch_norm != nullptr && !batch_norm->fused_add && !batch_norm->fused_relu &&
           may_vanish(id);
  }

  const Graph& graph_;
  std::vector<int> uses_;
  std::set<std::string> keep_;
};

Node fused_node(const Graph& graph, const Chain& chain, const std::string& name) {
  Node node = graph.node(chain.batch_norm);
  node.name = name;
  auto& batch_norm = std::get<BatchNorm>(node.op);
  batch_norm.fused_relu = true;
  if (chain.add) {
    batch_norm.fused_add = true;
    node.inputs.push_back(chain.residual);
  }
  return node;
}

}  // namespace

Graph fuse_batch_norm(const Graph& graph, const std::vector<std::string>& keep) {
  const ChainFinder finder(graph, keep);
  std::map<int, Chain> chains;  // by the ReLU
  std::set<int> absorbed;
  for (int id = 0; id < graph.size(); ++id) {
    const std::optional<Chain> chain = finder.ending_at(id);
    if (!chain) continue;
    chains.emplace(id, *chain);
    absorbed.insert(chain->batch_norm);
    if (chain->add) absorbed.insert(*chain->add);
  }

  // A fused node stands where its ReLU stood: all its inputs, the residual too, come before.
  Graph fused;
  std::vector<int> new_ids(static_cast<size_t>(graph.size()), -1);
  const auto renumber = [&](std::vector<Edge>& edges) {
    for (Edge& edge : edges) edge.node = new_ids[static_cast<size_t>(edge.node)];
  };
  for (int id = 0; id < graph.size(); ++id) {
    if (absorbed.contains(id)) continue;
    const auto chain = chains.find(id);
    Node node = chain == chains.end() ? graph.node(id)
                                      : fused_node(graph, chain->second, graph.node(id).name);
    renumber(node.inputs);
    new_ids[static_cast<size_t>(id)] = fused.add(std::move(node));
  }
  std::vector<Edge> outputs = graph.outputs();
  renumber(outputs);
  fused.set_outputs(std::move(outputs));
  return fused;
}

}  // namespace orthrus
