#include "tasks/heads.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/error.h"
#include "graph/passes/cut.h"

namespace orthrus {
namespace {

std::string hidden_name(const Task& task, size_t layer) {
  return fmt::format("{}_hidden{}", task.head, layer + 1);
}

Edge append_layer(Graph& graph, Edge input, const std::string& name, int64_t size) {
  const int weight = graph.add_variable(name + "_weight", VariableRole::kParameter);
  const int bias = graph.add_variable(name + "_bias", VariableRole::kParameter);
  return {graph.add({.name = name,
                     .op = FullyConnected{.num_hidden = size},
                     .inputs = {input, {weight}, {bias}}})};
}

Edge append_dropout(Graph& graph, Edge input, const std::string& name, double p) {
  if (p == 0) return input;
  return {graph.add({.name = name, .op = Dropout{.p = p}, .inputs = {input}})};
}

Op loss_of(const Task& task) {
  if (task.kind == TaskKind::kSoftmax) return SoftmaxOutput{};
  return LogisticOutput{};
}

// MXNet spreads smooth_alpha over the other classes alone; label_smoothing e spreads over all of
// them (Szegedy et al. 2016, arXiv:1512.00567), so that the label's class keeps 1 - e + e / K.
void shape_loss(const Task& task, Op& op) {
  if (auto* logistic = std::get_if<LogisticOutput>(&op)) {
    logistic->smooth_alpha = task.label_smoothing;
    logistic->focal_gamma = task.focal_gamma;
  }
  if (auto* softmax = std::get_if<SoftmaxOutput>(&op)) {
    const auto classes = static_cast<double>(task.classes);
    softmax->smooth_alpha = task.label_smoothing * (classes - 1) / classes;
    softmax->focal_gamma = task.focal_gamma;
  }
}

Edge append_head(Graph& graph, Edge features, const Task& task) {
  Edge at = features;
  for (size_t layer = 0; layer < task.hidden.size(); ++layer) {
    const std::string name = hidden_name(task, layer);
    at = append_layer(graph, at, name, task.hidden[layer]);
    at = {graph.add({.name = name + "_relu", .op = Activation{}, .inputs = {at}})};
    if (layer + 1 < task.hidden.size()) {
      at = append_dropout(graph, at, name + "_dropout", task.dropout);
    }
  }
  at = append_dropout(graph, at, task.head + "_dropout", task.dropout);
  at = append_layer(graph, at, task.head, task.outputs());
  const int label = graph.add_variable(task.label_input(), VariableRole::kLabel);
  return {graph.add({.name = task.name, .op = loss_of(task), .inputs = {at, {label}}})};
}

// True when the loss took no weights so far; it does now.
bool take_weights(Op& op) {
  bool* has_weight = nullptr;
  if (auto* loss = std::get_if<SoftmaxOutput>(&op)) has_weight = &loss->has_sample_weight;
  if (auto* loss = std::get_if<LogisticOutput>(&op)) has_weight = &loss->has_sample_weight;
  return has_weight != nullptr && !std::exchange(*has_weight, true);
}

Task task_of_loss(const Graph& graph, const Node& loss, int next_column) {
  const Node& head = graph.node(loss.inputs.front().node);
  const auto* layer = std::get_if<FullyConnected>(&head.op);
  if (layer == nullptr) {
    throw input_error("loss '{}' stands on '{}' ({}), expected a fully connected layer", loss.name,
                      head.name, op_name(head.op));
  }
  Task task{.name = loss.name, .head = head.name, .classes = layer->num_hidden};
  if (std::holds_alternative<LogisticOutput>(loss.op)) task.kind = TaskKind::kMultilabel;
  if (task.name == "softmax_multitask" && task.classes == 2) {
    task.rule = LabelRule::kPositive;
  } else {
    task.label_column = next_column;
  }
  return task;
}

}  // namespace

Graph append_heads(const Graph& backbone, Edge features, const std::vector<Task>& tasks) {
  Graph graph = backbone;
  std::vector<Edge> losses;
  for (const Task& task : tasks) losses.push_back(append_head(graph, features, task));
  graph.set_outputs(std::move(losses));
  return graph;
}

Edge find_features(const Graph& graph) {
  Edge features = find_cut(graph);
  const auto is_head = [&](const Node& node) {
    return std::holds_alternative<FullyConnected>(node.op) && node.inputs.front() == features;
  };
  const auto head = std::ranges::find_if(graph.nodes().rbegin(), graph.nodes().rend(), is_head);
  const auto within_head = [&](const std::string& name) {
    return name == head->name + "_dropout" || name.starts_with(head->name + "_hidden");
  };
  while (within_head(graph.node(features.node).name)) {
    features = graph.node(features.node).inputs.front();
  }
  return features;
}

Task mixed_twin(Task task) {
  task.name += "_mixed";
  return task;
}

Graph training_graph(const Graph& graph, const std::vector<Task>& tasks, bool mixed) {
  Graph shaped;
  for (Node node : graph.nodes()) {
    const auto task = std::ranges::find(tasks, node.name, &Task::name);
    if (task != tasks.end()) shape_loss(*task, node.op);
    shaped.add(std::move(node));
  }
  std::vector<Edge> outputs = graph.outputs();
  if (mixed) {
    for (const Edge& output : graph.outputs()) {
      Node twin = shaped.node(output.node);
      const Task task = mixed_twin({.name = twin.name});
      twin.name = task.name;
      twin.inputs.back() = {shaped.add_variable(task.label_input(), VariableRole::kLabel)};
      outputs.push_back({shaped.add(std::move(twin))});
    }
  }
  shaped.set_outputs(std::move(outputs));
  return weigh_samples(shaped);
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
    if (take_weights(node.op)) {
      const std::string name = Task{.name = node.name}.weight_input();
      node.inputs.push_back({weighted.add_variable(name, VariableRole::kSampleWeight)});
    }
    number_of.push_back(weighted.add(std::move(node)));
  }
  weighted.set_outputs(renumber(graph.outputs()));
  return weighted;
}

std::vector<std::string> head_parameters(const Task& task) {
  std::vector<std::string> layers = {task.head};
  for (size_t layer = 0; layer < task.hidden.size(); ++layer) {
    layers.push_back(hidden_name(task, layer));
  }
  std::vector<std::string> names;
  for (const std::string& layer : layers) {
    names.push_back(layer + "_weight");
    names.push_back(layer + "_bias");
  }
  return names;
}

std::vector<Task> find_tasks(const Graph& graph) {
  std::vector<Task> tasks;
  int next_column = 0;
  for (const Edge& output : graph.outputs()) {
    const Node& loss = graph.node(output.node);
    if (!is_loss(loss.op)) {
      throw input_error(
          "output '{}' ({}) is not a classification loss (SoftmaxOutput or "
          "LogisticRegressionOutput)",
          loss.name, op_name(loss.op));
    }
    tasks.push_back(task_of_loss(graph, loss, next_column));
    if (tasks.back().rule == LabelRule::kIdentity) {
      next_column += static_cast<int>(tasks.back().label_width());
    }
  }
  return tasks;
}

}  // namespace orthrus
