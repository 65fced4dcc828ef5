#include "train/trained_part.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "base/suggest.h"
#include "graph/passes/cut.h"
#include "graph/passes/freeze.h"
#include "graph/stages.h"
#include "tasks/heads.h"

namespace orthrus {
namespace {

using NameSet = std::set<std::string, std::less<>>;

// Goes back to the last '*' only, which is enough, so it takes pattern times name steps at most.
bool matches(std::string_view pattern, std::string_view name) {
  size_t at = 0, star = std::string_view::npos, after_star = 0;
  for (size_t i = 0; i < name.size();) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      after_star = i;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == name[i])) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {  // the '*' takes one letter more
      at = star + 1;
      i = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

// The parameters that nodes (begin, end] read.
std::vector<std::string> parameters_between(const Graph& graph, int begin, int end) {
  std::vector<std::string> names;
  for (int id = begin + 1; id <= end; ++id) {
    for (const Edge& edge : graph.node(id).inputs) {
      if (graph.role(edge.node) != VariableRole::kParameter) continue;
      const std::string& name = graph.node(edge.node).name;
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::vector<PartStage> list_stages(const Graph& graph, const std::vector<Shape>& shapes,
                                   int features) {
  std::vector<PartStage> stages;
  for (const Stage& stage : find_stages(graph, shapes, features)) {
    stages.push_back({.name = fmt::format("stage {}", stages.size() + 1),
                      .height = stage.height,
                      .width = stage.width,
                      .parameters = parameters_between(graph, stage.begin, stage.end)});
  }
  stages.push_back(
      {.name = "heads", .parameters = parameters_between(graph, features, graph.size() - 1)});
  for (PartStage& stage : stages) {
    for (const std::string& name : stage.parameters) {
      stage.values += shapes[static_cast<size_t>(*graph.find(name))].elements();
    }
  }
  return stages;
}

std::string stage_listing(const std::vector<PartStage>& stages) {
  std::string text;
  for (size_t i = 0; i + 1 < stages.size(); ++i) {
    const PartStage& stage = stages[i];
    text += fmt::format("{}{} ({} x {}: {} to {})", i == 0 ? "" : ", ", stage.name, stage.height,
                        stage.width, stage.parameters.front(), stage.parameters.back());
  }
  return text;
}

// Of "last:N"; nothing for any other text.
std::optional<int64_t> last_stages(const std::string& item, const std::vector<PartStage>& stages) {
  constexpr std::string_view kLast = "last:";
  if (!item.starts_with(kLast)) return std::nullopt;
  int64_t count = 0;
  const char* end = item.data() + item.size();
  const auto [stop, error] = std::from_chars(item.data() + kLast.size(), end, count);
  const auto most = std::ssize(stages) - 1;
  if (error != std::errc() || stop != end || count < 1 || count > most) {
    throw usage_error("--train {}: a number of stages from 1 to {} is expected after 'last:'", item,
                      most)
        .with_hint("the network's stages are: " + stage_listing(stages));
  }
  return count;
}

void add_item(const std::string& item, const std::vector<PartStage>& stages, NameSet& trained) {
  const auto add = [&](const PartStage& stage) {
    trained.insert(stage.parameters.begin(), stage.parameters.end());
  };
  if (item == "all") {
    std::ranges::for_each(stages, add);
    return;
  }
  const std::optional<int64_t> last = item == "heads" ? 0 : last_stages(item, stages);
  if (last) {
    std::for_each(stages.end() - 1 - *last, stages.end(), add);
    return;
  }
  bool matched = false;
  std::vector<std::string> known = {"heads", "all", "last:1"};
  for (const PartStage& stage : stages) {
    for (const std::string& name : stage.parameters) {
      known.push_back(name);
      if (!matches(item, name)) continue;
      trained.insert(name);
      matched = true;
    }
  }
  if (matched) return;
  const std::string hint = did_you_mean(item, known);
  throw usage_error("--train {}: no parameter of the network has such a name", item)
      .with_hint(!hint.empty() ? hint
                               : "heads, last:N, all, or a pattern such as 'stage4_*'; the "
                                 "network's stages are: " +
                                     stage_listing(stages));
}

// The graph with the statistics that the mode says. `froze`: whether that changed a BatchNorm.
Graph with_statistics(const Graph& graph, const NameSet& trained, BatchNormMode mode, bool& froze) {
  return freeze_batch_norm(graph, [&](std::string_view name) {
    const Node& node = graph.node(*graph.find(name));
    const auto is_trained = [&](size_t i) {
      return trained.contains(graph.node(node.inputs[i].node).name);
    };
    const bool frozen = mode == BatchNormMode::kFrozen ||
                        (mode == BatchNormMode::kAuto && !is_trained(1) && !is_trained(2));
    if (frozen && !std::get<BatchNorm>(node.op).use_global_stats) froze = true;
    return frozen;
  });
}

// Whether a training changes what the node computes, or lets it depend on the other pictures of the
// batch.
bool is_alive(const Graph& graph, int id, const NameSet& trained) {
  const Node& node = graph.node(id);
  const auto* norm = std::get_if<BatchNorm>(&node.op);
  if (norm != nullptr && !norm->use_global_stats) return true;
  return std::ranges::any_of(node.inputs, [&](const Edge& edge) {
    return graph.role(edge.node) == VariableRole::kParameter &&
           trained.contains(graph.node(edge.node).name);
  });
}

// The last point up to `features` below which nothing is alive; the picture input when there is
// none.
int division_point(const Graph& graph, const NameSet& trained, int features) {
  int first_alive = 0;
  while (first_alive < graph.size() && !is_alive(graph, first_alive, trained)) ++first_alive;
  const std::vector<int> points = find_points(graph, features);
  const auto behind = std::ranges::lower_bound(points, first_alive);
  int point = *(behind == points.begin() ? behind : behind - 1);
  // A dropout right below belongs to what is trained on it.
  for (int at = point;; at = graph.node(at).inputs[0].node) {
    const Op& op = graph.node(at).op;
    if (std::holds_alternative<Dropout>(op)) {
      point = graph.node(at).inputs[0].node;
    } else if (!std::holds_alternative<Flatten>(op)) {
      return point;
    }
  }
}

// 1234567 as 1,234,567.
std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = std::ssize(digits) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

}  // namespace

Shape TrainedPart::batch_shape(int64_t batch_size) const {
  Shape shape = input_shape;
  shape.set(0, batch_size);
  return shape;
}

bool TrainedPart::trains_all() const {
  return !froze_norms && std::ranges::all_of(stages, [](const PartStage& stage) {
    return stage.trained_values == stage.values;
  });
}

bool TrainedPart::trains_heads_at_most() const {
  return std::all_of(stages.begin(), stages.end() - 1,
                     [](const PartStage& stage) { return stage.trained_values == 0; });
}

TrainedPart choose_trained_part(const Model& model, const PartSelection& selection) {
  const std::vector<Shape> shapes =
      infer_shapes(model.graph, {{model.input, picture_shape(model.preprocessing, 1)}});
  const int features = find_features(model.graph).node;
  TrainedPart part;
  part.stages = list_stages(model.graph, shapes, features);
  for (const std::string& item : selection.items) add_item(item, part.stages, part.trained);
  for (PartStage& stage : part.stages) {
    for (const std::string& name : stage.parameters) {
      if (!part.trained.contains(name)) continue;
      stage.trained_values += shapes[static_cast<size_t>(*model.graph.find(name))].elements();
    }
  }
  part.graph = with_statistics(model.graph, part.trained, selection.batch_norm, part.froze_norms);
  const int point = division_point(part.graph, part.trained, features);
  part.input = part.graph.node(point).name;
  part.input_shape = shapes[static_cast<size_t>(point)];
  if (!part.graph.role(point)) {
    part.frozen = cut(part.graph, {point});
    part.graph = above(part.graph, point);
  }
  return part;
}

std::map<std::string, double, std::less<>> decayed_rates(const TrainedPart& part, double decay) {
  std::map<std::string, double, std::less<>> factors;
  if (decay == 1) return factors;
  double factor = 1;
  for (auto stage = part.stages.rbegin(); stage != part.stages.rend(); ++stage) {
    for (const std::string& name : stage->parameters) factors.emplace(name, factor);
    factor *= decay;
  }
  return factors;
}

std::vector<std::string> describe(const TrainedPart& part) {
  std::vector<std::string> lines;
  for (const PartStage& stage : part.stages) {
    std::string line = stage.name + ": ";
    if (&stage != &part.stages.back()) line += fmt::format("{} x {}, ", stage.height, stage.width);
    line += grouped(stage.values) + " values, ";
    if (stage.trained_values == 0) {
      line += "frozen";
    } else if (stage.trained_values == stage.values) {
      line += "trained";
    } else {
      line += grouped(stage.trained_values) + " of them trained";
    }
    lines.push_back(std::move(line));
  }
  int norms = 0, stored = 0;
  for (const Graph* graph : {&part.frozen, &part.graph}) {
    for (const Node& node : graph->nodes()) {
      const auto* norm = std::get_if<BatchNorm>(&node.op);
      if (norm == nullptr) continue;
      ++norms;
      if (norm->use_global_stats) ++stored;
    }
  }
  if (norms > 0) {
    lines.push_back(fmt::format("BatchNorm: {} of {} on stored statistics", stored, norms));
  }
  if (part.divided()) {
    lines.push_back(fmt::format("frozen as a whole up to '{}', features {}", part.input,
                                part.input_shape.to_string()));
  }
  return lines;
}

}  // namespace orthrus
