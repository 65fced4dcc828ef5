// The metrics that training follows, summed up batch by batch. Rows of weight zero count nowhere.
// What an evaluation tells beyond them is in tasks/evaluation.h.
#pragma once

#include <cstdint>
#include <span>

#include "tasks/task.h"

namespace orthrus {

// The class that is answered: the most probable one, the lower between equals.
[[nodiscard]] int64_t most_probable(std::span<const float> probabilities);

// A plain value: sums can be stored, restored and added up.
struct MetricSums {
  static constexpr int kTopK = 5;

  double weight = 0;   // of the rows counted
  double correct = 0;  // label has the highest probability
  double top_k = 0;    // label among the kTopK highest
  double loss = 0;  // cross-entropy in nats, -ln max(p[label], 1e-12) as MXNet's metric bounds it

  // `probabilities` (N, classes) and N labels and weights. Between equal probabilities the lower
  // class ranks first. A probability that is not a number makes the loss not a number.
  void add(std::span<const float> probabilities, std::span<const float> labels,
           std::span<const float> weights);
  // The same of a multilabel task, where each of the N times `classes` labels is a row of its own,
  // right when its probability is on the label's side of 1/2; top_k counts as correct does.
  void add_binary(std::span<const float> probabilities, std::span<const float> labels,
                  std::span<const float> weights);
  // One of the two, as the task is.
  void add(const Task& task, std::span<const float> probabilities, std::span<const float> labels,
           std::span<const float> weights);
  void add(const MetricSums& other);

  // Means per counted row; 0 when there is none.
  [[nodiscard]] double accuracy() const { return mean(correct); }
  [[nodiscard]] double top_k_accuracy() const { return mean(top_k); }
  [[nodiscard]] double mean_loss() const { return mean(loss); }

  bool operator==(const MetricSums&) const = default;

 private:
  [[nodiscard]] double mean(double sum) const { return weight > 0 ? sum / weight : 0; }
};

}  // namespace orthrus
