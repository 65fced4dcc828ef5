#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/mxnet/names.h"
#include "formats/mxnet/operators.h"
#include "formats/mxnet/symbol.h"

namespace orthrus::mxnet {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr int kVersion = 10901;  // the MXNet whose form this is

// Weights of samples are an addition to MXNet's losses: their variables and the inputs that
// read them stay out of the file.
bool is_written(const Graph& graph, int id) {
  return graph.role(id) != VariableRole::kSampleWeight;
}

OrderedJson attributes_of(const Node& node, const WrittenOperator& written) {
  OrderedJson attributes = OrderedJson::object();
  for (const auto& [key, value] : written.attributes) attributes[key] = value;
  if (const auto* variable = std::get_if<Variable>(&node.op)) {
    if (variable->lr_mult != 1) attributes["__lr_mult__"] = fmt::format("{}", variable->lr_mult);
    if (variable->wd_mult >= 0) attributes["__wd_mult__"] = fmt::format("{}", variable->wd_mult);
  }
  return attributes;
}

class SymbolWriter {
 public:
  explicit SymbolWriter(const Graph& graph) : graph_(graph) {}

  std::string write() {
    for (int id = 0; id < graph_.size(); ++id) {
      new_id_.push_back(is_written(graph_, id) ? static_cast<int>(nodes_.size()) : -1);
      if (is_written(graph_, id)) add_node(id);
    }
    OrderedJson heads = OrderedJson::array();
    for (const Edge& edge : graph_.outputs()) heads.push_back(entry(edge));
    const OrderedJson version = {{"mxnet_version", {"int", kVersion}}};
    std::string text = "{\n  \"nodes\": [";
    for (size_t i = 0; i < nodes_.size(); ++i) text += (i == 0 ? "\n    " : ",\n    ") + nodes_[i];
    text += "\n  ],\n  \"arg_nodes\": " + arg_nodes_.dump();
    text += ",\n  \"node_row_ptr\": " + node_row_ptr_.dump();
    text += ",\n  \"heads\": " + heads.dump();
    text += ",\n  \"attrs\": " + version.dump() + "\n}\n";
    return text;
  }

 private:
  void add_node(int id) {
    const Node& node = graph_.node(id);
    check_name(node.name);
    const WrittenOperator written = write_operator(node.op);
    OrderedJson json = {{"op", written.name}, {"name", node.name}};
    const OrderedJson attributes = attributes_of(node, written);
    if (!attributes.empty()) json["attrs"] = attributes;
    json["inputs"] = OrderedJson::array();
    for (const Edge& edge : node.inputs) {
      if (is_written(graph_, edge.node)) json["inputs"].push_back(entry(edge));
    }
    if (graph_.role(id)) arg_nodes_.push_back(nodes_.size());
    nodes_.push_back(json.dump());
    num_outputs_ += written.num_outputs;
    node_row_ptr_.push_back(num_outputs_);
  }

  // [node, output, version]
  OrderedJson entry(const Edge& edge) const {
    const int node = new_id_[static_cast<size_t>(edge.node)];
    if (node < 0) throw internal_error("the sample weights cannot be an output of the network");
    return {node, edge.output, 0};
  }

  const Graph& graph_;
  std::vector<int> new_id_;
  std::vector<std::string> nodes_;  // each as JSON, one line of the file
  OrderedJson arg_nodes_ = OrderedJson::array();
  OrderedJson node_row_ptr_ = OrderedJson::array({0});  // number of outputs before each node
  int num_outputs_ = 0;
};

}  // namespace

std::string symbol_json(const Graph& graph) {
  return SymbolWriter(graph).write();
}

}  // namespace orthrus::mxnet
