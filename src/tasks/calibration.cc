#include "tasks/calibration.h"

#include <algorithm>
#include <cmath>

namespace orthrus {
namespace {

// Below the least positive float, so that a probability that became 0 stays the least.
constexpr float kLogOfZero = -104;

float log_of(float p) {
  return p > 0 ? std::log(p) : kLogOfZero;
}

}  // namespace

void TemperatureFit::add(std::span<const float> probabilities, std::span<const float> labels,
                         std::span<const float> present) {
  const auto classes = static_cast<size_t>(task_.classes);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (present[i] == 0) continue;
    if (task_.kind == TaskKind::kMultilabel) {
      const float yes = probabilities[i];
      const float odds = log_of(yes) - log_of(1 - yes);
      margins_.insert(margins_.end(), {0, labels[i] > 0 ? -odds : odds});
      continue;
    }
    const auto row = probabilities.subspan(i * classes, classes);
    const float own = log_of(row[static_cast<size_t>(labels[i])]);
    for (const float p : row) margins_.push_back(log_of(p) - own);
  }
}

// Of log sum_k exp(beta m_k), summed over the labels: mean and variance of m under the
// probabilities at beta.
TemperatureFit::Slope TemperatureFit::slope_at(double beta) const {
  const size_t width = task_.kind == TaskKind::kMultilabel ? 2 : static_cast<size_t>(task_.classes);
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
    for (float& p : probabilities) {
      const double odds = factor * (double{log_of(p)} - double{log_of(1 - p)});
      p = static_cast<float>(1 / (1 + std::exp(-odds)));
    }
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
