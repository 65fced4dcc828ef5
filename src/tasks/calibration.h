// Calibration: one number for each head, its temperature T, makes its probabilities agree with how
// often they are right: the answers are softmax(z / T) of the last layer's z, of a multilabel task
// or ordinal task sigmoid(z / T). T > 1 makes them less sure; which class is answered stays.
// Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017
// (arXiv:1706.04599), section 4.2 and equation 9.
#pragma once

#include <span>
#include <vector>

#include "tasks/task.h"

namespace orthrus {

// Finds the T with the least cross-entropy over labels that were not trained on. With beta = 1 / T
// that is convex, so Newton's method finds the only minimum.
class TemperatureFit {
 public:
  static constexpr double kLeast = 0.05, kMost = 20;

  explicit TemperatureFit(const Task& task) : task_(task) {}

  // Answers of temperature 1, as for TaskEvaluation::add. Keeps `classes` floats for each picture
  // that has a label (2 for each label of a multilabel task, or answer of an ordinal one).
  void add(std::span<const float> probabilities, std::span<const float> labels,
           std::span<const float> present);

  // 1 where no T from kLeast to kMost is the best, as when there are no labels, or all answers are
  // right by far: then the labels say nothing about it.
  [[nodiscard]] double temperature() const;

 private:
  struct Slope {
    double first = 0;   // derivative of the cross-entropy by beta
    double second = 0;  // and of that
  };
  [[nodiscard]] Slope slope_at(double beta) const;
  void add_binary(float yes, bool label);

  Task task_;
  // (labels, width): ln p of each class less that of the label, 0 for the label itself.
  std::vector<float> margins_;
};

// Turns the probabilities of one row, made with temperature T, into those of temperature T /
// factor; of a multilabel task each for itself.
void change_temperature(const Task& task, double factor, std::span<float> probabilities);

}  // namespace orthrus
