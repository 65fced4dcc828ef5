#include "graph/passes/fold.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "graph/passes/rebuild.h"

namespace orthrus {

namespace {

constexpr size_t kWeight = 1, kConvolutionBias = 2;                // inputs of a Convolution
constexpr size_t kGamma = 1, kBeta = 2, kMean = 3, kVariance = 4;  // inputs of a BatchNorm

class Folder {
 public:
  Folder(const Graph& graph, const std::vector<std::string>& keep)
      : graph_(graph), uses_(graph.use_counts()), keep_(keep.begin(), keep.end()) {
    for (int id = 0; id < graph.size(); ++id) {
      const std::optional<int> convolution = convolution_before(id);
      if (convolution) note(id, *convolution);
    }
  }

  [[nodiscard]] FoldedGraph result() const {
    Graph graph = rebuild(graph_, graph_.outputs(), [&](int id) -> std::optional<Node> {
      if (absorbed_.contains(id)) return std::nullopt;
      const auto pair = convolution_of_.find(id);
      return pair == convolution_of_.end() ? graph_.node(id) : joined(id, pair->second);
    });
    return {.graph = std::move(graph), .folded = folded_};
  }

 private:
  [[nodiscard]] int input(int id, size_t number) const {
    return graph_.node(id).inputs[number].node;
  }
  [[nodiscard]] const std::string& input_name(int id, size_t number) const {
    return graph_.node(input(id, number)).name;
  }
  [[nodiscard]] bool read_once(int id) const { return uses_[static_cast<size_t>(id)] == 1; }

  // The convolution into which BatchNorm `id` can go.
  [[nodiscard]] std::optional<int> convolution_before(int id) const {
    const auto* batch_norm = std::get_if<BatchNorm>(&graph_.node(id).op);
    if (batch_norm == nullptr || batch_norm->fused_add || batch_norm->fused_relu) return {};
    const int before = input(id, 0);
    const auto* convolution = std::get_if<Convolution>(&graph_.node(before).op);
    if (convolution == nullptr || convolution->fused()) return {};
    const bool alone = read_once(before) && read_once(input(before, kWeight)) &&
                       read_once(input(id, kBeta)) && !keep_.contains(graph_.node(before).name);
    return alone ? std::optional(before) : std::nullopt;
  }

  void note(int id, int convolution) {
    const auto& batch_norm = std::get<BatchNorm>(graph_.node(id).op);
    const bool has_bias = std::get<Convolution>(graph_.node(convolution).op).has_bias;
    convolution_of_[id] = convolution;
    absorbed_.insert(convolution);
    for (const size_t number : {kGamma, kMean, kVariance}) drop_if_read_once(input(id, number));
    if (has_bias) drop_if_read_once(input(convolution, kConvolutionBias));
    folded_.push_back({.weight = input_name(convolution, kWeight),
                       .bias = has_bias ? input_name(convolution, kConvolutionBias) : "",
                       .gamma = input_name(id, kGamma),
                       .beta = input_name(id, kBeta),
                       .mean = input_name(id, kMean),
                       .variance = input_name(id, kVariance),
                       .eps = batch_norm.eps,
                       .fix_gamma = batch_norm.fix_gamma});
  }
  void drop_if_read_once(int variable) {
    if (read_once(variable)) absorbed_.insert(variable);
  }

  // It stands where the BatchNorm stood, since beta may come after the convolution.
  [[nodiscard]] Node joined(int id, int convolution) const {
    Node node = graph_.node(convolution);
    node.name = graph_.node(id).name;
    std::get<Convolution>(node.op).has_bias = true;
    node.inputs.resize(kConvolutionBias);
    node.inputs.push_back(graph_.node(id).inputs[kBeta]);
    return node;
  }

  const Graph& graph_;
  std::vector<int> uses_;
  std::set<std::string> keep_;
  std::map<int, int> convolution_of_;  // by BatchNorm
  std::set<int> absorbed_;
  std::vector<FoldedBatchNorm> folded_;
};

// The values of a parameter with one number for each of `channels` output channels.
Tensor per_channel(const NamedTensors& parameters, const std::string& name, int64_t channels) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) throw input_error("parameters are missing: {}", name);
  if (found->second.shape() != Shape{channels}) {
    throw input_error("parameters do not fit the network:\n  {}: got {}, expected {}", name,
                      found->second.shape().to_string(), Shape{channels}.to_string());
  }
  return found->second.to_f32();
}

void fold_into(const FoldedBatchNorm& names, const NamedTensors& parameters, NamedTensors& result) {
  const auto found = parameters.find(names.weight);
  if (found == parameters.end()) throw input_error("parameters are missing: {}", names.weight);
  const Tensor before = found->second.to_f32();
  const int64_t channels = before.shape().rank() > 0 ? before.shape()[0] : 0;
  const Tensor gamma = per_channel(parameters, names.gamma, channels);
  const Tensor beta = per_channel(parameters, names.beta, channels);
  const Tensor mean = per_channel(parameters, names.mean, channels);
  const Tensor variance = per_channel(parameters, names.variance, channels);
  const Tensor bias = names.bias.empty() ? Tensor::zeros({channels})
                                         : per_channel(parameters, names.bias, channels);
  Tensor weight(before.shape(), DType::kF32);
  Tensor folded_bias({channels}, DType::kF32);
  const size_t filter = channels == 0 ? 0 : before.data().size() / static_cast<size_t>(channels);
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    const double scale = (names.fix_gamma ? 1.0 : double{gamma.data()[c]}) /
                         std::sqrt(double{variance.data()[c]} + names.eps);
    std::ranges::transform(before.data().subspan(c * filter, filter),
                           weight.data().subspan(c * filter).begin(),
                           [scale](float value) { return static_cast<float>(value * scale); });
    folded_bias.data()[c] = static_cast<float>(
        beta.data()[c] + (double{bias.data()[c]} - double{mean.data()[c]}) * scale);
  }
  result[names.weight] = std::move(weight);
  result[names.beta] = std::move(folded_bias);
}

}  // namespace

FoldedGraph fold_batch_norm(const Graph& graph, const std::vector<std::string>& keep) {
  return Folder(graph, keep).result();
}

NamedTensors fold_parameters(const FoldedGraph& folded, const NamedTensors& parameters) {
  NamedTensors result = parameters;
  for (const FoldedBatchNorm& names : folded.folded) fold_into(names, parameters, result);
  return result;
}

}  // namespace orthrus
