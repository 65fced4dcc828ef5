#include "tasks/metrics.h"

#include <algorithm>
#include <cmath>

namespace orthrus {
namespace {

constexpr float kSmallestProbability = 1e-12F;

// How many classes rank before `label`.
int rank_of(std::span<const float> row, size_t label) {
  int rank = 0;
  for (size_t k = 0; k < row.size(); ++k) {
    if (row[k] > row[label] || (row[k] == row[label] && k < label)) ++rank;
  }
  return rank;
}

}  // namespace

int64_t most_probable(std::span<const float> probabilities) {
  return std::ranges::max_element(probabilities) - probabilities.begin();
}

void MetricSums::add(std::span<const float> probabilities, std::span<const float> labels,
                     std::span<const float> weights) {
  const size_t classes = probabilities.size() / labels.size();
  for (size_t row = 0; row < labels.size(); ++row) {
    if (weights[row] == 0) continue;
    const auto values = probabilities.subspan(row * classes, classes);
    const auto label = static_cast<size_t>(labels[row]);
    const double w = weights[row];
    const int rank = rank_of(values, label);
    weight += w;
    correct += rank == 0 ? w : 0;
    top_k += rank < kTopK ? w : 0;
    // The order of max's arguments lets a NaN through.
    loss -= w * std::log(static_cast<double>(std::max(values[label], kSmallestProbability)));
  }
}

void MetricSums::add_binary(std::span<const float> probabilities, std::span<const float> labels,
                            std::span<const float> weights) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (weights[i] == 0) continue;
    const double w = weights[i];
    const bool yes = labels[i] > 0;
    const float right = yes ? probabilities[i] : 1 - probabilities[i];
    weight += w;
    if ((probabilities[i] >= 0.5F) == yes) {
      correct += w;
      top_k += w;
    }
    loss -= w * std::log(static_cast<double>(std::max(right, kSmallestProbability)));
  }
}

void MetricSums::add(const Task& task, std::span<const float> probabilities,
                     std::span<const float> labels, std::span<const float> weights) {
  if (task.kind == TaskKind::kMultilabel) {
    add_binary(probabilities, labels, weights);
  } else {
    add(probabilities, labels, weights);
  }
}

void MetricSums::add(const MetricSums& other) {
  weight += other.weight;
  correct += other.correct;
  top_k += other.top_k;
  loss += other.loss;
}

}  // namespace orthrus
