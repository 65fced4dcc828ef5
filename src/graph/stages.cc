#include "graph/stages.h"

#include <algorithm>
#include <optional>

namespace orthrus {
namespace {

bool is_value(const Graph& graph, int id) {
  return graph.role(id).value_or(VariableRole::kInput) == VariableRole::kInput;
}

int64_t pixels(const Shape& shape) {
  return shape.rank() == 4 ? shape.elements(2) : 0;
}

bool shrinks(const Graph& graph, const std::vector<Shape>& shapes, int id) {
  const Node& node = graph.node(id);
  if (graph.role(id)) return false;
  const auto* pooling = std::get_if<Pooling>(&node.op);
  if (pooling != nullptr && pooling->global) return false;
  const int64_t before = pixels(shapes[static_cast<size_t>(node.inputs.front().node)]);
  const int64_t after = pixels(shapes[static_cast<size_t>(id)]);
  return after > 0 && after < before;
}

// From a BatchNorm (and the ReLU on it) that reads something else than a convolution down to what
// it reads.
int below_norm(const Graph& graph, int point) {
  int at = point;
  if (std::holds_alternative<Activation>(graph.node(at).op)) at = graph.node(at).inputs[0].node;
  if (!std::holds_alternative<BatchNorm>(graph.node(at).op)) return point;
  const int input = graph.node(at).inputs[0].node;
  return std::holds_alternative<Convolution>(graph.node(input).op) ? point : input;
}

// Whether a parameter is read between the points.
bool has_parameters(const Graph& graph, int begin, int end) {
  for (int id = begin + 1; id <= end; ++id) {
    for (const Edge& edge : graph.node(id).inputs) {
      if (graph.role(edge.node) == VariableRole::kParameter) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<int> find_points(const Graph& graph, int last) {
  // last_read[i]: the last node up to `last` that reads node i.
  std::vector<int> last_read(static_cast<size_t>(graph.size()), -1);
  for (int id = 0; id <= last; ++id) {
    for (const Edge& edge : graph.node(id).inputs) last_read[static_cast<size_t>(edge.node)] = id;
  }
  std::vector<int> points;
  int read_until = -1;  // by which node the values before are read for the last time
  for (int id = 0; id <= last; ++id) {
    if (!is_value(graph, id)) continue;
    if (read_until <= id && (id == last || last_read[static_cast<size_t>(id)] > id)) {
      points.push_back(id);
    }
    read_until = std::max(read_until, last_read[static_cast<size_t>(id)]);
  }
  return points;
}

std::vector<Stage> find_stages(const Graph& graph, const std::vector<Shape>& shapes, int last) {
  const std::vector<int> points = find_points(graph, last);
  std::vector<int> ends;
  for (int id = points.front() + 1; id <= last; ++id) {
    if (!shrinks(graph, shapes, id)) continue;
    const auto behind = std::ranges::lower_bound(points, id);
    const int end = below_norm(graph, *(behind - 1));
    if (ends.empty() || ends.back() < end) ends.push_back(end);
  }
  if (ends.empty() || ends.back() != last) ends.push_back(last);
  std::vector<Stage> stages;
  int begin = points.front();
  for (const int end : ends) {
    if (!has_parameters(graph, begin, end)) continue;
    Stage stage{.begin = begin, .end = end};
    for (int id = begin + 1; id <= end; ++id) {
      const Shape& shape = shapes[static_cast<size_t>(id)];
      if (graph.role(id) || pixels(shape) <= 1) continue;
      stage.height = shape[2];
      stage.width = shape[3];
    }
    stages.push_back(stage);
    begin = end;
  }
  return stages;
}

}  // namespace orthrus
