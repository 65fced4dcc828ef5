#include "tasks/loss.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace orthrus {
namespace {

double labels_present(std::span<const float> present) {
  return std::accumulate(present.begin(), present.end(), 0.0);
}

// `place` is the class that the label is about (multilabel).
double weight_of(const Task& task, float label, size_t place) {
  if (task.class_weights.empty()) return 1;
  if (task.kind == TaskKind::kMultilabel) return label > 0 ? task.class_weights[place] : 1;
  return task.class_weights[static_cast<size_t>(label)];
}

// -(1-p)^g ln p
double log_loss(double p, double gamma) {
  constexpr double kSmallest = 1e-12;
  const double cost = -std::log(std::max(p, kSmallest));
  return gamma > 0 ? std::pow(1 - p, gamma) * cost : cost;
}

double softmax_loss(const Task& task, std::span<const float> row, float label) {
  const double cost = log_loss(row[static_cast<size_t>(label)], task.focal_gamma);
  if (task.label_smoothing == 0) return cost;
  double all = 0;
  for (const float p : row) all += log_loss(p, task.focal_gamma);
  return (1 - task.label_smoothing) * cost +
         task.label_smoothing * all / static_cast<double>(row.size());
}

double logistic_loss(const Task& task, double p, float label) {
  const double target = label * (1 - task.label_smoothing) + task.label_smoothing / 2;
  return target * log_loss(p, task.focal_gamma) + (1 - target) * log_loss(1 - p, task.focal_gamma);
}

}  // namespace

void loss_weights(const Task& task, std::span<const float> labels, std::span<const float> present,
                  int count, std::span<float> dst) {
  const auto width = static_cast<size_t>(task.label_width());
  const double all = static_cast<double>(count) * static_cast<double>(width);
  const double there = labels_present(present);
  const double scale = there > 0 ? all / there : 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    dst[i] =
        present[i] == 0 ? 0.0F : static_cast<float>(scale * weight_of(task, labels[i], i % width));
  }
}

void mix_labels(const Task& task, std::span<const int> partners, std::span<const float> shares,
                int count, const MixedLabels& mixed) {
  const auto width = static_cast<size_t>(task.label_width());
  const std::vector<float> own(mixed.labels.begin(), mixed.labels.end());
  const std::vector<float> there(mixed.present.begin(), mixed.present.end());
  for (size_t i = 0; i < own.size(); ++i) {
    const size_t partner = static_cast<size_t>(partners[i / width]) * width + i % width;
    const bool own_first = shares[i / width] >= 0.5F;
    mixed.labels[i] = own_first ? own[i] : own[partner];
    mixed.other_labels[i] = own_first ? own[partner] : own[i];
    mixed.present[i] = there[i] * there[partner];
  }
  loss_weights(task, mixed.labels, mixed.present, count, mixed.weights);
  loss_weights(task, mixed.other_labels, mixed.present, count, mixed.other_weights);
  for (size_t i = 0; i < own.size(); ++i) {
    const float greater = std::max(shares[i / width], 1 - shares[i / width]);
    mixed.weights[i] *= greater;
    mixed.other_weights[i] *= 1 - greater;
  }
}

double batch_loss(const Task& task, std::span<const float> probabilities,
                  std::span<const float> labels, std::span<const float> present,
                  std::span<const float> shares) {
  const double there = labels_present(present);
  if (there == 0) return 0;
  const auto classes = static_cast<size_t>(task.classes);
  const auto share_of = [&](size_t picture) { return shares.empty() ? 1.0F : shares[picture]; };
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (present[i] == 0) continue;
    if (task.kind == TaskKind::kMultilabel) {
      sum += share_of(i / classes) * weight_of(task, labels[i], i % classes) *
             logistic_loss(task, probabilities[i], labels[i]);
    } else {
      sum += share_of(i) * weight_of(task, labels[i], 0) *
             softmax_loss(task, probabilities.subspan(i * classes, classes), labels[i]);
    }
  }
  return sum / there;
}

}  // namespace orthrus
