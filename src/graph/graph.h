// Graph: the network as an acyclic list of nodes in topological order. It knows no file format, no
// tensor values and no layouts. Passes never change a graph: they return a new one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/ops/op.h"
#include "tensor/shape.h"

namespace orthrus {

// One output of one node.
struct Edge {
  int node = 0;
  int output = 0;
  auto operator<=>(const Edge&) const = default;
};

struct Node {
  std::string name;
  Op op;
  std::vector<Edge> inputs;  // in the order of input_names(op)
  bool operator==(const Node&) const = default;
};

class Graph {
 public:
  // Appends a node whose inputs are nodes already there; returns its number. Throws kInput when an
  // input does not exist, the number of inputs is wrong, or the name is taken.
  int add(Node node);
  int add_variable(std::string name, VariableRole role) {
    return add({std::move(name), Variable{.role = role}, {}});
  }
  void set_outputs(std::vector<Edge> outputs);

  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] const Node& node(int id) const { return nodes_[static_cast<size_t>(id)]; }
  [[nodiscard]] int size() const { return static_cast<int>(nodes_.size()); }
  [[nodiscard]] const std::vector<Edge>& outputs() const { return outputs_; }
  [[nodiscard]] std::optional<int> find(std::string_view name) const;

  // Role of a variable; nullopt for an operator node.
  [[nodiscard]] std::optional<VariableRole> role(int id) const;
  // Numbers of the variables of one role, in graph order.
  [[nodiscard]] std::vector<int> variables(VariableRole role) const;
  // For each node, how many edges (of nodes and graph outputs) read one of its outputs.
  [[nodiscard]] std::vector<int> use_counts() const;

  // The same nodes under the same numbers, and the same outputs.
  bool operator==(const Graph&) const = default;

 private:
  std::vector<Node> nodes_;
  std::vector<Edge> outputs_;
  std::map<std::string, int, std::less<>> by_name_;
};

// Shapes of every node's outputs (each operator has one output today), given those of the inputs
// and labels by name; label and sample-weight shapes may be left out, parameters' shapes are
// deduced. Throws kInput with the layer's name on a contradiction or an unknown input.
[[nodiscard]] std::vector<Shape> infer_shapes(const Graph& graph,
                                              const std::map<std::string, Shape>& input_shapes);

}  // namespace orthrus
