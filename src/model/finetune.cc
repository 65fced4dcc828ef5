#include "model/finetune.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "graph/passes/cut.h"
#include "model/initialise.h"
#include "tasks/heads.h"

namespace orthrus {
namespace {

// How many names an error lists.
constexpr size_t kMostListed = 20;

std::string listing(const std::vector<std::string>& names) {
  const size_t shown = std::min(names.size(), kMostListed);
  const std::vector<std::string> first(names.begin(), names.begin() + static_cast<long>(shown));
  return fmt::format("{}{}", fmt::join(first, ", "),
                     shown < names.size() ? fmt::format(" and {} more", names.size() - shown) : "");
}

Graph build_graph(const Graph& original, const FinetuneRequest& request, std::string& features) {
  const Edge edge =
      request.layer.empty() ? find_features(original) : find_layer(original, request.layer);
  features = original.node(edge.node).name;
  const Graph backbone = cut(original, edge);
  for (const Task& task : request.tasks) {
    for (const std::string& name : {task.head, task.name}) {
      if (!backbone.find(name)) continue;
      throw input_error(
          "the network has a layer '{}' before its features '{}', and the head of "
          "task '{}' needs that name",
          name, features, task.name)
          .with_hint("cut the network nearer to its input with --layer");
    }
  }
  return append_heads(backbone, backbone.outputs().front(), request.tasks);
}

// Values for one head's parameter: from the file when it fits, else its name goes to the list of
// those to be initialised.
void take_head(const LoadedNetwork& network, const std::string& name, const Shape& shape,
               Model& model, FinetuneReport& report) {
  const auto found = network.parameters.find(name);
  if (found != network.parameters.end() && found->second.shape() == shape) {
    model.parameters.emplace(name, found->second);
    report.taken_heads.push_back(name);
    return;
  }
  if (found != network.parameters.end()) report.reshaped.push_back(name);
  report.initialised.push_back(name);
}

void take_parameters(const LoadedNetwork& network, const std::map<std::string, Shape>& shapes,
                     const std::vector<std::string>& new_heads, Model& model,
                     FinetuneReport& report) {
  std::set<std::string> head_names, new_names;
  for (const Task& task : model.tasks) {
    const bool is_new = std::ranges::find(new_heads, task.name) != new_heads.end();
    for (const std::string& name : head_parameters(task)) {
      (is_new ? new_names : head_names).insert(name);
    }
  }
  std::vector<std::string> missing;
  std::vector<std::string> misshapen;
  for (const auto& [name, shape] : shapes) {
    const auto found = network.parameters.find(name);
    if (new_names.contains(name)) {
      report.initialised.push_back(name);
    } else if (head_names.contains(name)) {
      take_head(network, name, shape, model, report);
    } else if (found == network.parameters.end()) {
      missing.push_back(name);
    } else if (found->second.shape() != shape) {
      misshapen.push_back(fmt::format("'{}' has the shape {}, the network needs {}", name,
                                      found->second.shape().to_string(), shape.to_string()));
    } else {
      model.parameters.emplace(name, found->second);
    }
  }
  if (!missing.empty()) {
    throw input_error("{}: {} parameters of the network are missing: {}", model.origin,
                      missing.size(), listing(missing))
        .with_hint("check that the parameter file and the symbol file belong together");
  }
  if (!misshapen.empty()) {
    throw input_error("{}: parameters do not fit the network: {}", model.origin, listing(misshapen))
        .with_hint("check that both files belong together, and --image-shape");
  }
  for (const auto& [name, tensor] : network.parameters) {
    if (!shapes.contains(name)) report.superfluous.push_back(name);
  }
}

}  // namespace

Model prepare_finetune(const LoadedNetwork& network, const ModelSource& source,
                       const FinetuneRequest& request, FinetuneReport& report) {
  Model model{.graph = build_graph(network.graph, request, report.features),
              .parameters = {},
              .tasks = request.tasks,
              .preprocessing = request.preprocessing,
              .input = {},
              .origin = source.to_string(),
              .pretrained = source.kind != ModelSource::Kind::kBuiltin};
  model.input = picture_input(model.graph);
  take_parameters(network, parameter_shapes(model.graph, request.preprocessing), request.new_heads,
                  model, report);
  if (!request.accept_non_finite)
    check_finite(model.parameters, model.origin, network.stored_names);
  const std::vector<Shape> shapes =
      infer_shapes(model.graph, {{model.input, picture_shape(request.preprocessing, 1)}});
  model.parameters.merge(initialise(model.graph, shapes, request.seed, report.initialised));
  return model;
}

}  // namespace orthrus
