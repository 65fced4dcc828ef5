// Metrics of a classification task, summed up batch by batch. Rows of weight zero count nowhere.
#pragma once

#include <cstdint>
#include <span>

namespace orthrus {

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
