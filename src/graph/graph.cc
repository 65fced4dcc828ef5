#include "graph/graph.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace orthrus {

int Graph::add(Node node) {
  const size_t expected = input_names(node.op).size();
  if (node.inputs.size() != expected) {
    throw input_error("layer '{}' ({}) has {} inputs, expected {}", node.name, op_name(node.op),
                      node.inputs.size(), expected);
  }
  for (const Edge& edge : node.inputs) {
    if (edge.node < 0 || edge.node >= size() || edge.output != 0) {
      throw input_error("layer '{}' reads output {} of node {}, which does not exist", node.name,
                        edge.output, edge.node);
    }
  }
  if (!by_name_.emplace(node.name, size()).second) {
    throw input_error("two layers are named '{}'", node.name);
  }
  nodes_.push_back(std::move(node));
  return size() - 1;
}

void Graph::set_outputs(std::vector<Edge> outputs) {
  for (const Edge& edge : outputs) {
    if (edge.node < 0 || edge.node >= size()) {
      throw input_error("output of node {}, which does not exist", edge.node);
    }
  }
  outputs_ = std::move(outputs);
}

std::optional<int> Graph::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

std::optional<VariableRole> Graph::role(int id) const {
  const auto* variable = std::get_if<Variable>(&node(id).op);
  if (variable == nullptr) return std::nullopt;
  return variable->role;
}

std::vector<int> Graph::variables(VariableRole wanted) const {
  std::vector<int> ids;
  for (int id = 0; id < size(); ++id) {
    if (role(id) == wanted) ids.push_back(id);
  }
  return ids;
}

std::vector<int> Graph::use_counts() const {
  std::vector<int> counts(nodes_.size(), 0);
  for (const Node& node : nodes_) {
    for (const Edge& edge : node.inputs) ++counts[static_cast<size_t>(edge.node)];
  }
  for (const Edge& edge : outputs_) ++counts[static_cast<size_t>(edge.node)];
  return counts;
}

std::vector<Shape> infer_shapes(const Graph& graph, const std::map<std::string, Shape>& given) {
  std::vector<std::optional<Shape>> shapes(static_cast<size_t>(graph.size()));
  for (int id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    if (graph.role(id)) {
      const auto found = given.find(node.name);
      if (found != given.end()) shapes[static_cast<size_t>(id)] = found->second;
      continue;
    }
    std::vector<std::optional<Shape>> input_shapes;
    for (const Edge& edge : node.inputs) {
      input_shapes.push_back(shapes[static_cast<size_t>(edge.node)]);
    }
    InputShapes inputs(std::move(input_shapes), input_names(node.op));
    try {
      shapes[static_cast<size_t>(id)] = infer_shapes(node.op, inputs).front();
    } catch (const Error& error) {
      throw error.within(fmt::format("layer '{}' ({})", node.name, op_name(node.op)));
    }
    for (int i = 0; i < inputs.count(); ++i) {
      shapes[static_cast<size_t>(node.inputs[static_cast<size_t>(i)].node)] =
          inputs.shapes()[static_cast<size_t>(i)];
    }
  }
  std::vector<Shape> known;
  for (int id = 0; id < graph.size(); ++id) {
    const std::optional<Shape>& shape = shapes[static_cast<size_t>(id)];
    if (!shape) throw input_error("the shape of '{}' is unknown", graph.node(id).name);
    known.push_back(*shape);
  }
  return known;
}

}  // namespace orthrus
