#include "infer/inference.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "graph/passes/fuse.h"
#include "tasks/heads.h"

namespace orthrus {

Graph inference_graph(const FoldedGraph& folded, const std::vector<std::string>& keep) {
  return fuse_convolution(fuse_batch_norm(folded.graph, keep), keep);
}

namespace {

std::vector<std::string> kept_layers(const std::string& features) {
  if (features.empty()) return {};
  return {features};
}

PlanOptions keeping(const std::string& features) {
  PlanOptions options;
  options.keep = kept_layers(features);
  return options;
}

// logits / T: of the last layer's weights and bias.
void cool(const Task& task, NamedTensors& parameters) {
  for (const char* part : {"_weight", "_bias"}) {
    const auto found = parameters.find(task.head + part);
    if (found == parameters.end()) continue;  // a head without a bias
    Tensor scaled = found->second.to_f32().clone();
    for (float& value : scaled.data()) value = static_cast<float>(value / task.temperature);
    found->second = std::move(scaled);
  }
}

}  // namespace

Inference::Inference(const Model& model, int64_t batch_size, Backend& backend, bool keep_features)
    : input_(model.input),
      features_(keep_features ? model.graph.node(find_features(model.graph).node).name : ""),
      tasks_(model.tasks),
      folded_(fold_batch_norm(model.graph, kept_layers(features_))),
      plan_(inference_graph(folded_, kept_layers(features_)),
            {{model.input, picture_shape(model.preprocessing, batch_size)}}, backend,
            keeping(features_)) {
  load_parameters(model.parameters);
}

Inference::Inference(const Graph& graph, std::string input, const Shape& input_shape,
                     const NamedTensors& parameters, Backend& backend)
    : input_(std::move(input)),
      folded_(fold_batch_norm(graph)),
      plan_(inference_graph(folded_), {{input_, input_shape}}, backend, {}) {
  load_parameters(parameters);
}

void Inference::load_parameters(NamedTensors parameters) {
  for (const Task& task : tasks_) {
    if (task.temperature != 1) cool(task, parameters);
  }
  plan_.load_parameters(fold_parameters(folded_, parameters));
}

void Inference::run(const Tensor& images) {
  const std::span<const float> pixels = images.data();
  const std::span<float> input = plan_.input(input_);
  if (pixels.size() != input.size()) {
    throw internal_error("a batch of {} does not fit the plan", images.shape().to_string());
  }
  if (!means_.empty()) run_mirrored(images);
  std::ranges::copy(pixels, input.begin());
  plan_.forward({});  // last, so that the features are the picture's own
  for (size_t task = 0; task < means_.size(); ++task) {
    const std::span<const float> answers = plan_.output(static_cast<int>(task));
    for (size_t i = 0; i < answers.size(); ++i) {
      means_[task][i] = (means_[task][i] + answers[i]) / 2;
    }
  }
}

void Inference::run_mirrored(const Tensor& images) {
  const auto width = static_cast<size_t>(images.shape()[3]);
  const std::span<float> input = plan_.input(input_);
  for (size_t row = 0; row < input.size(); row += width) {
    std::ranges::reverse_copy(images.data().subspan(row, width),
                              input.begin() + static_cast<ptrdiff_t>(row));
  }
  plan_.forward({});
  for (size_t task = 0; task < means_.size(); ++task) {
    const std::span<const float> answers = plan_.output(static_cast<int>(task));
    means_[task].assign(answers.begin(), answers.end());
  }
}

void Inference::average_mirrored() {
  means_.resize(folded_.graph.outputs().size());
}

}  // namespace orthrus
