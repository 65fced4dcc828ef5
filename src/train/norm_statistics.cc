#include "train/norm_statistics.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

namespace orthrus {
namespace {

struct Statistic {
  int index = 0;     // of the plan's parameters
  double share = 0;  // of a batch's value in the running one
  Shape shape;
  std::vector<double> sums;  // over the batches
};

std::vector<Statistic> statistics_of(const Plan& plan, const Graph& graph) {
  constexpr int kMean = 3, kVariance = 4;  // of BatchNorm's inputs
  std::vector<Statistic> statistics;
  const auto parameters = plan.parameters();
  for (int id = 0; id < graph.size(); ++id) {
    const auto* norm = std::get_if<BatchNorm>(&graph.node(id).op);
    if (norm == nullptr || norm->use_global_stats || norm->momentum >= 1) continue;
    for (const int input : {kMean, kVariance}) {
      const std::string& name =
          graph.node(graph.node(id).inputs[static_cast<size_t>(input)].node).name;
      const auto found = std::ranges::find(parameters, name, &PlanParameter::name);
      if (found == parameters.end()) continue;
      statistics.push_back({.index = static_cast<int>(found - parameters.begin()),
                            .share = 1 - norm->momentum,
                            .shape = {},
                            .sums = {}});
    }
  }
  return statistics;
}

}  // namespace

NamedTensors estimate_norm_statistics(Plan& plan, const Graph& graph, const StepContext& context,
                                      const std::function<bool()>& feed_next) {
  std::vector<Statistic> statistics = statistics_of(plan, graph);
  const auto values_of = [&](const Statistic& statistic) {
    return std::as_writable_bytes(plan.parameters()[static_cast<size_t>(statistic.index)].values);
  };
  int batches = 0;
  for (; batches < kStatisticsBatches && !statistics.empty() && feed_next(); ++batches) {
    // From zero, what is kept is the batch's share alone.
    for (const Statistic& statistic : statistics) {
      const std::span<std::byte> values = values_of(statistic);
      plan.device().fill_zero(values.data(), values.size());
    }
    plan.forward(context);
    for (Statistic& statistic : statistics) {
      const Tensor kept = plan.to_canonical(statistic.index, values_of(statistic));
      statistic.shape = kept.shape();
      statistic.sums.resize(kept.data().size(), 0);
      for (size_t i = 0; i < statistic.sums.size(); ++i) {
        statistic.sums[i] += kept.data()[i] / statistic.share;
      }
    }
  }
  NamedTensors means;
  for (const Statistic& statistic : statistics) {
    if (batches == 0) break;
    Tensor mean(statistic.shape, DType::kF32);
    std::ranges::transform(statistic.sums, mean.data().begin(),
                           [batches](double sum) { return static_cast<float>(sum / batches); });
    means[plan.parameters()[static_cast<size_t>(statistic.index)].name] = std::move(mean);
  }
  return means;
}

}  // namespace orthrus
