#include "tasks/calibration.h"

#include <algorithm>
#include <cmath>

#include "tasks/ordinal.h"

namespace orthrus {
namespace {

// Below the least positive float, so that a probability that became 0 stays the least.
constexpr float kLogOfZero = -104;

float log_of(float p) {
  return p > 0 ? std::log(p) : kLogOfZero;
}

void change_odds(double factor, std::span<float> probabilities) {
  for (float& p : probabilities) {
    const double odds = factor * (double{log_of(p)} - double{log_of(1 - p)});
    p = static_cast<float>(1 / (1 + std::exp(-odds)));
  }
}

}  // namespace

void TemperatureFit::add(std::span<const float> probabilities, std::span<const float> labels,
                         std::span<const float> present) {
  const auto classes = static_cast<size_t>(task_.classes);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (present[i] == 0) continue;
    if (task_.kind == TaskKind::kMultilabel) {
      add_binary(probabilities[i], labels[i] > 0);
      continue;
    }
    const auto row = probabilities.subspan(i * classes, classes);
    if (task_.kind == TaskKind::kOrdinal) {
      const std::vector<float> answers = conditional_probabilities(row);
      const auto label = static_cast<size_t>(labels[i]);
      for (size_t k = 0; k < std::min(label + 1, answers.size()); ++k) {
        add_binary(answers[k], label > k);
      }
      continue;
    }
    const float own = log_of(row[static_cast<size_t>(labels[i])]);
    for (const float p : row) margins_.push_back(log_of(p) - own);
  }
}

void TemperatureFit::add_binary(float yes, bool label) {
  const float odds = log_of(yes) - log_of(1 - yes);
  margins_.insert(margins_.end(), {0, label ? -odds : odds});
}

// Of log sum_k exp(beta m_k), summed over the labels: mean and variance of m under the
// probabilities at beta.
TemperatureFit::Slope TemperatureFit::slope_at(double beta) const {
  const size_t width = task_.kind == TaskKind::kSoftmax ? static_cast<size_t>(task_.classes) : 2;
  Slope slope;
  for (size_t row = 0; row < margins_.size(); row += width) {
    const auto margins = std::span(margins_).subspan(row, width);
    const double most = *std::ranges::max_element(margins);
    double all = 0, mean = 0, square = 0;
    for (const double margin : margins) {
      const double weight = std::exp(beta * (margin - most));
      all += weight;
      mean += weight * margin;
      square += weight * margin * margin;
    }
    mean /= all;
    slope.first += mean;
    slope.second += square / all - mean * mean;
  }
  return slope;
}

double TemperatureFit::temperature() const {
  double low = 1 / kMost, high = 1 / kLeast;
  if (margins_.empty() || slope_at(low).first >= 0 || slope_at(high).first <= 0) return 1;
  double beta = 1;
  constexpr int kMostSteps = 100;
  for (int step = 0; step < kMostSteps; ++step) {
    const Slope slope = slope_at(beta);
    (slope.first > 0 ? high : low) = beta;
    double next = beta - slope.first / slope.second;
    if (!(next > low && next < high)) next = (low + high) / 2;
    const bool done = std::abs(next - beta) <= 1e-9 * beta;
    beta = next;
    if (done) break;
  }
  return 1 / beta;
}

void change_temperature(const Task& task, double factor, std::span<float> probabilities) {
  if (task.kind == TaskKind::kMultilabel) {
    change_odds(factor, probabilities);
    return;
  }
  if (task.kind == TaskKind::kOrdinal) {
    std::vector<float> answers = conditional_probabilities(probabilities), classes;
    change_odds(factor, answers);
    std::ranges::copy(class_probabilities(task, answers, classes), probabilities.begin());
    return;
  }
  const double most = factor * log_of(*std::ranges::max_element(probabilities));
  double all = 0;
  for (float& p : probabilities) {
    const double weight = std::exp(factor * log_of(p) - most);
    all += weight;
    p = static_cast<float>(weight);
  }
  for (float& p : probabilities) p = static_cast<float>(p / all);
}

}  // namespace orthrus
