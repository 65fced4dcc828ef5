#include "graph/passes/fuse.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "graph/passes/rebuild.h"

namespace orthrus {

namespace {

// A chain found: the nodes it is made of. The last one is the ReLU, or the Add where there is none.
struct Chain {
  int taker = 0;
  std::optional<int> add;
  Edge residual;  // with add
  bool relu = false;
};

// Finds the chains that begin with an operator of type Taker, BatchNorm or Convolution.
template <typename Taker>
class ChainFinder {
 public:
  ChainFinder(const Graph& graph, const std::vector<std::string>& keep)
      : graph_(graph), uses_(graph.use_counts()), keep_(keep.begin(), keep.end()) {}

  // The chain whose ReLU is node `id`, if there is one.
  [[nodiscard]] std::optional<Chain> ending_in_relu(int id) const {
    const auto* activation = std::get_if<Activation>(&graph_.node(id).op);
    if (activation == nullptr || activation->kind != ActivationKind::kRelu) return std::nullopt;
    const int before = graph_.node(id).inputs[0].node;
    if (is_taker(before)) return Chain{before, std::nullopt, {}, true};
    if (!may_vanish(before)) return std::nullopt;
    std::optional<Chain> chain = ending_in_add(before);
    if (chain) chain->relu = true;
    return chain;
  }

  // The chain whose Add is node `id`.
  [[nodiscard]] std::optional<Chain> ending_in_add(int id) const {
    const auto* add = std::get_if<Add>(&graph_.node(id).op);
    if (add == nullptr || add->num_inputs != 2) return std::nullopt;
    const std::vector<Edge>& operands = graph_.node(id).inputs;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      if (is_taker(operands[i].node)) return Chain{operands[i].node, id, operands[1 - i], false};
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool may_vanish(int id) const {
    return uses_[static_cast<size_t>(id)] == 1 && !keep_.contains(graph_.node(id).name);
  }
  [[nodiscard]] bool is_taker(int id) const {
    const auto* taker = std::get_if<Taker>(&graph_.node(id).op);
    return taker != nullptr && !taker->fused_add && !taker->fused_relu && may_vanish(id);
  }

  const Graph& graph_;
  std::vector<int> uses_;
  std::set<std::string> keep_;
};

// Chains by the number of their last node, and the nodes that vanish into them.
struct Chains {
  std::map<int, Chain> by_end;
  std::set<int> absorbed;

  void add(int end, const Chain& chain) {
    by_end.emplace(end, chain);
    absorbed.insert(chain.taker);
    if (chain.add && *chain.add != end) absorbed.insert(*chain.add);
  }
};

template <typename Taker>
Node fused_node(const Graph& graph, const Chain& chain, const std::string& name) {
  Node node = graph.node(chain.taker);
  node.name = name;
  auto& op = std::get<Taker>(node.op);
  op.fused_relu = chain.relu;
  if (chain.add) {
    op.fused_add = true;
    node.inputs.push_back(chain.residual);
  }
  return node;
}

// A fused node stands where the last of its chain stood: all its inputs, the residual too, come
// before.
template <typename Taker>
Graph fuse(const Graph& graph, const Chains& chains) {
  return rebuild(graph, graph.outputs(), [&](int id) -> std::optional<Node> {
    if (chains.absorbed.contains(id)) return std::nullopt;
    const auto chain = chains.by_end.find(id);
    if (chain == chains.by_end.end()) return graph.node(id);
    return fused_node<Taker>(graph, chain->second, graph.node(id).name);
  });
}

template <typename Taker>
Chains chains_with_relu(const Graph& graph, const ChainFinder<Taker>& finder) {
  Chains chains;
  for (int id = 0; id < graph.size(); ++id) {
    if (const std::optional<Chain> chain = finder.ending_in_relu(id)) chains.add(id, *chain);
  }
  return chains;
}

}  // namespace

Graph fuse_batch_norm(const Graph& graph, const std::vector<std::string>& keep) {
  const ChainFinder<BatchNorm> finder(graph, keep);
  return fuse<BatchNorm>(graph, chains_with_relu(graph, finder));
}

Graph fuse_convolution(const Graph& graph, const std::vector<std::string>& keep) {
  const ChainFinder<Convolution> finder(graph, keep);
  Chains chains = chains_with_relu(graph, finder);
  for (int id = 0; id < graph.size(); ++id) {
    if (chains.absorbed.contains(id)) continue;
    if (const std::optional<Chain> chain = finder.ending_in_add(id)) chains.add(id, *chain);
  }
  return fuse<Convolution>(graph, chains);
}

}  // namespace orthrus
