#include "tasks/heads.h"

#include <variant>

#include "base/error.h"

namespace orthrus {
namespace {

Edge append_head(Graph& graph, Edge features, const Task& task) {
  const int weight = graph.add_variable(task.head + "_weight", VariableRole::kParameter);
  const int bias = graph.add_variable(task.head + "_bias", VariableRole::kParameter);
  const int head = graph.add({.name = task.head,
                              .op = FullyConnected{.num_hidden = task.classes},
                              .inputs = {features, {weight}, {bias}}});
  const int label = graph.add_variable(task.label_input(), VariableRole::kLabel);
  return {graph.add({.name = task.name, .op = SoftmaxOutput{}, .inputs = {{head}, {label}}})};
}

}  // namespace

Graph append_heads(const Graph& backbone, Edge features, const std::vector<Task>& tasks) {
  Graph graph = backbone;
  std::vector<Edge> losses;
  for (const Task& task : tasks) losses.push_back(append_head(graph, features, task));
  graph.set_outputs(std::move(losses));
  return graph;
}

Graph weigh_samples(const Graph& graph) {
  Graph weighted;
  std::vector<int> number_of;  // new numbers of the old nodes
  const auto renumber = [&](std::vector<Edge> edges) {
    for (Edge& edge : edges) edge.node = number_of[static_cast<size_t>(edge.node)];
    return edges;
  };
  for (Node node : graph.nodes()) {
    node.inputs = renumber(std::move(node.inputs));
    auto* loss = std::get_if<SoftmaxOutput>(&node.op);
    if (loss != nullptr && !loss->has_sample_weight) {
      loss->has_sample_weight = true;
      const std::string name = Task{.name = node.name}.weight_input();
      node.inputs.push_back({weighted.add_variable(name, VariableRole::kSampleWeight)});
    }
    number_of.push_back(weighted.add(std::move(node)));
  }
  weighted.set_outputs(renumber(graph.outputs()));
  return weighted;
}

std::vector<Task> find_tasks(const Graph& graph) {
  std::vector<Task> tasks;
  int next_column = 0;
  for (const Edge& output : graph.outputs()) {
    const Node& loss = graph.node(output.node);
    if (!std::holds_alternative<SoftmaxOutput>(loss.op)) {
      throw input_error("output '{}' ({}) is not a classification loss (SoftmaxOutput)", loss.name,
                        op_name(loss.op));
    }
    const Node& head = graph.node(loss.inputs.front().node);
    const auto* layer = std::get_if<FullyConnected>(&head.op);
    if (layer == nullptr) {
      throw input_error("loss '{}' stands on '{}' ({}), expected a fully connected layer",
                        loss.name, head.name, op_name(head.op));
    }
    Task task{.name = loss.name, .head = head.name, .classes = layer->num_hidden};
    if (task.name == "softmax_multitask" && task.classes == 2) {
      task.rule = LabelRule::kPositive;
    } else {
      task.label_column = next_column++;
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace orthrus
