// TaskEvaluation: everything that an evaluation tells about one task, from its answers to a whole
// list. Missing labels and fill count nowhere.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "tasks/figures.h"
#include "tasks/metrics.h"
#include "tasks/task.h"

namespace orthrus {

// Answers that have at least that probability, and how many of them are right.
struct Coverage {
  double confidence = 0;
  int64_t answers = 0;
  int64_t right = 0;
};

// The figures of a task. NaN: not defined for these labels.
struct TaskReport {
  int64_t pictures = 0;  // that have a label (multilabel: at least one)
  int64_t unlabelled = 0;
  // Multilabel: over all labels, each a yes or no with the threshold 1/2.
  double accuracy = 0;
  double top_k = 0;  // k = MetricSums::kTopK; softmax alone
  double loss = 0;   // cross-entropy in nats, without smoothing, weights or focal exponent
  double macro_f1 = 0;
  double balanced_accuracy = 0;  // softmax alone
  double mcc = 0;                // softmax alone
  double calibration_error = 0;  // of the probability of the class, or of a multilabel class's yes
  double mean_absolute_error = 0;     // ordinal alone: in classes
  double weighted_kappa = 0;          // ordinal alone: Cohen's, with quadratic weights
  double mean_average_precision = 0;  // multilabel alone: over the classes that have a yes
  double mean_roc_auc = 0;            // multilabel alone: over the classes that have a yes and a no

  // The calibration error with temperature 1; NaN where the task's is 1.
  double uncalibrated_error = 0;
  std::vector<CalibrationError::Bin> reliability;  // the bins of calibration_error
  // Softmax alone: what is left of the answers when the less probable ones are "not sure".
  std::vector<Coverage> coverage;

  std::vector<ClassTally> classes;
  std::vector<double> average_precision;  // multilabel alone, of each class
  std::vector<double> roc_auc;
  std::vector<int64_t> labelled;  // multilabel alone: labels of each class, yes and no
  // Softmax alone: {label, answer} and how often, where that is not 0.
  std::map<std::pair<int64_t, int64_t>, int64_t> confusion;
};

// A figure of a report that is one number.
struct TaskFigure {
  std::string_view key;    // in JSON and in options: "macro_f1"
  std::string_view title;  // for people: "macro F1"
  double TaskReport::*value;
  bool higher_is_better = true;
  bool softmax = true;  // whether such tasks have it
  bool multilabel = true;
  bool ordinal = true;
  int64_t trivial_classes = 0;  // tasks with so many classes or fewer do not have it

  [[nodiscard]] bool belongs_to(const Task& task) const {
    const bool counted = task.classes > 0;  // before the data are read it may not be known
    if (counted && task.classes <= trivial_classes) return false;
    if (task.kind == TaskKind::kOrdinal) return ordinal;
    return task.kind == TaskKind::kMultilabel ? multilabel : softmax;
  }
};
// In the order in which they are shown.
[[nodiscard]] std::span<const TaskFigure> task_figures();

class TaskEvaluation {
 public:
  explicit TaskEvaluation(const Task& task);

  // A batch as infer/evaluate.h hands it over: `present` is 1 for a label that is there; rows from
  // `count` on are fill. Throws kInput for a probability that is not a number. A multilabel task
  // keeps every probability: 8 bytes for each label.
  void add(std::span<const float> probabilities, std::span<const float> labels,
           std::span<const float> present, int count);

  [[nodiscard]] TaskReport report() const;
  // What training follows of it.
  [[nodiscard]] const MetricSums& sums() const { return sums_; }

 private:
  void add_softmax(std::span<const float> row, size_t label);
  void add_multilabel(size_t place, float probability, bool yes);
  void add_uncalibrated(std::span<const float> row, size_t answer, bool right);

  Task task_;
  MetricSums sums_;
  int64_t pictures_ = 0;
  int64_t unlabelled_ = 0;
  CalibrationError calibration_, uncalibrated_;
  std::vector<Coverage> coverage_;
  std::vector<float> row_;  // of one picture, with temperature 1
  std::vector<ClassTally> classes_;
  std::map<std::pair<int64_t, int64_t>, int64_t> confusion_;
  std::vector<std::vector<ScoredLabel>> scored_;  // multilabel, of each class
};

}  // namespace orthrus
