#include "train/input_statistics.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "base/error.h"

namespace orthrus {
namespace {

// Beyond these the difference is no matter of other subjects or a small batch.
constexpr double kMostVarianceRatio = 8;
constexpr double kMostMeanShift = 3;  // in the smaller of the two standard deviations

struct Statistics {
  std::vector<double> mean;
  std::vector<double> variance;
};

Statistics of_pictures(const Tensor& images) {
  const Shape& shape = images.shape();
  const auto channels = static_cast<size_t>(shape[1]);
  const auto plane = static_cast<size_t>(shape.elements(2));
  const double count = static_cast<double>(plane) * static_cast<double>(shape[0]);
  std::vector<double> sum(channels, 0);
  std::vector<double> squares(channels, 0);
  const std::span<const float> pixels = images.data();
  for (size_t i = 0; i < pixels.size(); ++i) {
    const size_t channel = i / plane % channels;
    sum[channel] += pixels[i];
    squares[channel] += static_cast<double>(pixels[i]) * pixels[i];
  }
  Statistics statistics;
  for (size_t c = 0; c < channels; ++c) {
    const double mean = sum[c] / count;
    statistics.mean.push_back(mean);
    statistics.variance.push_back(std::max(squares[c] / count - mean * mean, 0.0));
  }
  return statistics;
}

// running' = momentum * running + (1 - momentum) * batch, solved for the batch's value.
std::vector<double> batch_value(const Tensor& before, const Tensor& after, double momentum) {
  std::vector<double> values;
  for (size_t c = 0; c < before.data().size(); ++c) {
    values.push_back((after.data()[c] - momentum * before.data()[c]) / (1 - momentum));
  }
  return values;
}

Tensor plan_value(const Plan& plan, const std::string& name) {
  const auto parameters = plan.parameters();
  const auto found = std::ranges::find(parameters, name, &PlanParameter::name);
  if (found == parameters.end()) return {};
  return plan.to_canonical(static_cast<int>(found - parameters.begin()),
                           std::as_bytes(found->values));
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::string compare_statistics(const std::string& name, const Statistics& stored,
                               const Statistics& real) {
  constexpr double kTiny = 1e-8;
  std::vector<double> ratios;
  std::vector<double> shifts;
  for (size_t c = 0; c < real.mean.size(); ++c) {
    const double a = std::max(stored.variance[c], kTiny);
    const double b = std::max(real.variance[c], kTiny);
    ratios.push_back(std::max(a, b) / std::min(a, b));
    shifts.push_back(std::abs(stored.mean[c] - real.mean[c]) / std::sqrt(std::min(a, b)));
  }
  if (median(ratios) <= kMostVarianceRatio && median(shifts) <= kMostMeanShift) return {};
  return fmt::format(
      "the first BatchNorm, '{}', holds statistics that disagree with its inputs: stored mean "
      "{:.3g} "
      "and variance {:.3g}, now {:.3g} and {:.3g} (medians over channels). The network was "
      "probably trained on pixels of another scale, such as raw 0 to 255; its stored statistics "
      "follow while it trains, and validation is unreliable until they have",
      name, median(stored.mean), median(stored.variance), median(real.mean), median(real.variance));
}

Statistics as_statistics(const Tensor& mean, const Tensor& variance) {
  return {{mean.data().begin(), mean.data().end()},
          {variance.data().begin(), variance.data().end()}};
}

}  // namespace

InputStatisticsCheck::InputStatisticsCheck(const Model& model) {
  if (!model.pretrained) return;
  const auto& nodes = model.graph.nodes();
  const auto first = std::ranges::find_if(
      nodes, [](const Node& node) { return std::holds_alternative<BatchNorm>(node.op); });
  if (first == nodes.end()) return;
  const auto input = [&](size_t i) { return model.graph.node(first->inputs[i].node).name; };
  const BatchNorm& op = std::get<BatchNorm>(first->op);
  Layer layer{.name = first->name,
              .mean_name = input(3),
              .variance_name = input(4),
              .momentum = op.momentum,
              .reads_pictures = input(0) == model.input,
              .moves = !op.use_global_stats && op.momentum < 1,
              .mean = {},
              .variance = {}};
  layer.mean = model.parameters.at(layer.mean_name).clone();
  layer.variance = model.parameters.at(layer.variance_name).clone();
  layer_ = std::move(layer);
}

std::string InputStatisticsCheck::compare(const Plan& plan, const Tensor& images) const {
  if (!layer_) return {};
  const Statistics stored = as_statistics(layer_->mean, layer_->variance);
  if (layer_->reads_pictures) return compare_statistics(layer_->name, stored, of_pictures(images));
  const Tensor mean = plan_value(plan, layer_->mean_name);
  const Tensor variance = plan_value(plan, layer_->variance_name);
  if (!layer_->moves || mean.empty() || variance.empty()) return {};
  const Statistics real = {batch_value(layer_->mean, mean, layer_->momentum),
                           batch_value(layer_->variance, variance, layer_->momentum)};
  return compare_statistics(layer_->name, stored, real);
}

}  // namespace orthrus
