#include "model/model.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "tasks/heads.h"
#include "tensor/finite.h"

namespace orthrus {

Shape picture_shape(const Preprocessing& preprocessing, int64_t batch_size) {
  return {batch_size, preprocessing.channels, preprocessing.height, preprocessing.width};
}

std::string picture_input(const Graph& graph) {
  const std::vector<int> inputs = graph.variables(VariableRole::kInput);
  if (inputs.size() == 1) return graph.node(inputs.front()).name;
  std::vector<std::string> names;
  for (const int id : inputs) names.push_back(graph.node(id).name);
  throw input_error("the network has {} inputs ({}), expected one for the pictures", inputs.size(),
                    fmt::join(names, ", "));
}

std::map<std::string, Shape> parameter_shapes(const Graph& graph,
                                              const Preprocessing& preprocessing) {
  const std::string input = picture_input(graph);
  const std::vector<Shape> shapes = infer_shapes(graph, {{input, picture_shape(preprocessing, 1)}});
  std::map<std::string, Shape> by_name;
  for (const VariableRole role : {VariableRole::kParameter, VariableRole::kAuxiliary}) {
    for (const int id : graph.variables(role)) {
      by_name.emplace(graph.node(id).name, shapes[static_cast<size_t>(id)]);
    }
  }
  return by_name;
}

Model assemble_model(Graph graph, const NamedTensors& parameters,
                     const Preprocessing& preprocessing, std::vector<Task> tasks) {
  Model model{.graph = std::move(graph),
              .parameters = {},
              .tasks = std::move(tasks),
              .preprocessing = preprocessing,
              .input = {},
              .origin = {},
              .pretrained = true};
  model.input = picture_input(model.graph);
  std::vector<std::string> missing;
  for (const auto& [name, shape] : parameter_shapes(model.graph, preprocessing)) {
    const auto found = parameters.find(name);
    if (found == parameters.end()) {
      missing.push_back(name);
    } else if (found->second.shape() != shape) {
      throw input_error("parameter '{}' has the shape {}, the network needs {}", name,
                        found->second.shape().to_string(), shape.to_string());
    } else {
      model.parameters.emplace(name, found->second);
    }
  }
  if (!missing.empty()) {
    throw input_error("{} parameters of the network are missing: {}", missing.size(),
                      fmt::join(missing, ", "));
  }
  return model;
}

Model assemble_model(Graph graph, const NamedTensors& parameters,
                     const Preprocessing& preprocessing, std::string origin) {
  try {
    std::vector<Task> tasks = find_tasks(graph);
    Model model = assemble_model(std::move(graph), parameters, preprocessing, std::move(tasks));
    model.origin = std::move(origin);
    return model;
  } catch (const Error& error) {
    const Error outer = error.within(origin);
    if (!outer.hint().empty()) throw outer;
    throw outer.with_hint("check --image-shape, and that both files belong together");
  }
}

void check_finite(const NamedTensors& parameters, const std::string& origin,
                  const std::map<std::string, std::string>& stored_names) {
  constexpr size_t kMostNamed = 5;
  std::vector<std::string> names = non_finite_tensors(parameters);
  if (names.empty()) return;
  const size_t count = names.size();
  names.resize(std::min(count, kMostNamed));
  for (std::string& name : names) {
    const auto stored = stored_names.find(name);
    if (stored != stored_names.end()) name = stored->second;
  }
  throw input_error(
      "{}: {} of its {} parameters hold values that are not finite (NaN or infinity): "
      "{}{}",
      origin, count, parameters.size(), fmt::join(names, ", "),
      count > kMostNamed ? fmt::format(" and {} more", count - kMostNamed) : "")
      .with_hint("the file is damaged, or its training diverged: take an earlier checkpoint");
}

void declare_tasks(Model& model, const std::vector<Task>& declared) {
  for (Task& task : model.tasks) {
    const auto found = std::ranges::find(declared, task.name, &Task::name);
    if (found == declared.end()) {
      throw input_error("{}: its task '{}' is not declared", model.origin, task.name)
          .with_hint("give the file of tasks that it was trained with");
    }
    // A file of another program does not say that sigmoids answer an ordinal task.
    const bool ordinal = found->kind == TaskKind::kOrdinal && task.kind == TaskKind::kMultilabel;
    const bool other_count = found->classes != 0 && found->outputs() != task.outputs();
    if (other_count || (found->kind != task.kind && !ordinal)) {
      throw input_error("{}: its task '{}' has {} classes, {} are declared{}", model.origin,
                        task.name, task.classes, found->classes,
                        found->kind == task.kind || ordinal ? "" : ", of another kind");
    }
    const Task own = std::exchange(task, *found);
    task.head = own.head;
    if (task.classes == 0) task.classes = own.classes;
    task.temperature = own.temperature;
    // A number is a place among columns that may stand in another order now.
    if (task.column_names.empty()) task.column_names = own.column_names;
    if (task.class_names.empty()) task.class_names = own.class_names;
    task.named_cells = own.named_cells;
  }
}

void name_classes(std::vector<Task>& tasks, const std::vector<std::string>& names,
                  const std::string& where) {
  if (std::ranges::count(tasks, names, &Task::class_names) > 0) return;
  // The task that the upstream script derives from the class is named after all others.
  const auto is_derived = [](const Task& task) { return task.rule == LabelRule::kPositive; };
  const auto is_named = [](const Task& task) { return !task.class_names.empty(); };
  const bool all_named = std::ranges::all_of(
      tasks, [&](const Task& task) { return is_derived(task) || is_named(task); });
  std::vector<std::string> sizes;
  for (Task& task : tasks) {
    if (is_derived(task) && !all_named) continue;
    sizes.push_back(fmt::format("'{}' has {}", task.name, task.classes));
    if (is_named(task)) continue;
    if (task.classes == 0) task.classes = std::ssize(names);
    if (task.classes == std::ssize(names)) {
      task.class_names = names;
      return;
    }
  }
  throw input_error("{}{} class names, but no task has as many classes ({})",
                    where.empty() ? "" : where + ": ", names.size(), fmt::join(sizes, ", "))
      .with_hint("one line for each class, from class 0 on");
}

}  // namespace orthrus
