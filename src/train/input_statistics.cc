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

std::vector<double> as_doubles(const Tensor& tensor) {
  return {tensor.data().begin(), tensor.data().end()};
}

// running' = momentum * running + (1 - momentum) * batch, solved for the batch's value.
std::vector<double> batch_value(const std::vector<double>& before, const std::vector<double>& after,
                                double momentum) {
  std::vector<double> values;
  for (size_t c = 0; c < before.size(); ++c) {
    values.push_back((after[c] - momentum * before[c]) / (1 - momentum));
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

}  // namespace

void ChannelSums::add(std::span<const float> values, const Shape& shape, int64_t count) {
  const auto channels = static_cast<size_t>(shape[1]);
  const auto plane = static_cast<size_t>(shape.elements(2));
  sums_.resize(channels, 0);
  squares_.resize(channels, 0);
  const size_t used = static_cast<size_t>(count) * channels * plane;
  for (size_t i = 0; i < used; ++i) {
    const size_t channel = i / plane % channels;
    sums_[channel] += values[i];
    squares_[channel] += static_cast<double>(values[i]) * values[i];
  }
  count_ += static_cast<double>(count) * static_cast<double>(plane);
}

ChannelStatistics ChannelSums::statistics() const {
  ChannelStatistics statistics;
  for (size_t c = 0; c < sums_.size(); ++c) {
    const double mean = sums_[c] / count_;
    statistics.mean.push_back(mean);
    statistics.variance.push_back(std::max(squares_[c] / count_ - mean * mean, 0.0));
  }
  return statistics;
}

std::optional<FirstNorm> find_first_norm(const Graph& graph) {
  const auto& nodes = graph.nodes();
  const auto first = std::ranges::find_if(
      nodes, [](const Node& node) { return std::holds_alternative<BatchNorm>(node.op); });
  if (first == nodes.end()) return std::nullopt;
  const auto input = [&](size_t i) { return graph.node(first->inputs[i].node).name; };
  const BatchNorm& op = std::get<BatchNorm>(first->op);
  return FirstNorm{.name = first->name,
                   .input = first->inputs[0],
                   .mean_name = input(3),
                   .variance_name = input(4),
                   .momentum = op.momentum,
                   .moves = !op.use_global_stats && op.momentum < 1};
}

ChannelStatistics stored_statistics(const FirstNorm& norm, const NamedTensors& parameters) {
  return {as_doubles(parameters.at(norm.mean_name)), as_doubles(parameters.at(norm.variance_name))};
}

std::string disagreement(const FirstNorm& norm, const ChannelStatistics& stored,
                         const ChannelStatistics& real) {
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
      "{:.3g} and variance {:.3g}, now {:.3g} and {:.3g} (medians over channels)",
      norm.name, median(stored.mean), median(stored.variance), median(real.mean),
      median(real.variance));
}

InputStatisticsCheck::InputStatisticsCheck(const Model& model) {
  if (!model.pretrained) return;
  norm_ = find_first_norm(model.graph);
  if (!norm_) return;
  reads_pictures_ = model.graph.node(norm_->input.node).name == model.input;
  stored_ = stored_statistics(*norm_, model.parameters);
}

std::string InputStatisticsCheck::compare(const Plan& plan, const Tensor& images) const {
  if (!norm_) return {};
  ChannelStatistics real;
  if (reads_pictures_) {
    ChannelSums sums;
    sums.add(images.data(), images.shape(), images.shape()[0]);
    real = sums.statistics();
  } else {
    const Tensor mean = plan_value(plan, norm_->mean_name);
    const Tensor variance = plan_value(plan, norm_->variance_name);
    if (!norm_->moves || mean.empty() || variance.empty()) return {};
    real = {batch_value(stored_.mean, as_doubles(mean), norm_->momentum),
            batch_value(stored_.variance, as_doubles(variance), norm_->momentum)};
  }
  const std::string text = disagreement(*norm_, stored_, real);
  if (text.empty()) return {};
  return text +
         ". The network was probably trained on pixels of another scale, such as raw 0 to 255; "
         "its stored statistics follow while it trains, and validation is unreliable until they "
         "have";
}

}  // namespace orthrus
