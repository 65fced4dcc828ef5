#include "tasks/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace orthrus {
namespace {

// Of those that are defined; NaN where none is.
double mean_of_defined(const std::vector<double>& values) {
  double sum = 0;
  int64_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
}

bool any_present(std::span<const float> present) {
  return std::ranges::any_of(present, [](float value) { return value != 0; });
}

}  // namespace

TaskEvaluation::TaskEvaluation(const Task& task)
    : task_(task), classes_(static_cast<size_t>(task.classes)) {
  if (task.kind == TaskKind::kMultilabel) scored_.resize(classes_.size());
}

void TaskEvaluation::add(std::span<const float> probabilities, std::span<const float> labels,
                         std::span<const float> present, int count) {
  if (std::ranges::any_of(probabilities, [](float p) { return std::isnan(p); })) {
    throw input_error("an answer of task '{}' is not a number", task_.name)
        .with_hint("the model's parameters are spoilt, or a picture is");
  }
  sums_.add(task_, probabilities, labels, present);
  const auto width = static_cast<size_t>(task_.label_width());
  const size_t classes = classes_.size();
  for (size_t row = 0; row < static_cast<size_t>(count); ++row) {
    const auto here = present.subspan(row * width, width);
    ++(any_present(here) ? pictures_ : unlabelled_);
    for (size_t place = 0; place < width; ++place) {
      if (here[place] == 0) continue;
      const float label = labels[row * width + place];
      if (task_.kind == TaskKind::kMultilabel) {
        add_multilabel(place, probabilities[row * classes + place], label > 0);
      } else {
        add_softmax(probabilities.subspan(row * classes, classes), static_cast<size_t>(label));
      }
    }
  }
}

void TaskEvaluation::add_softmax(std::span<const float> row, size_t label) {
  const auto answer = static_cast<size_t>(std::ranges::max_element(row) - row.begin());
  ++classes_[label].labels;
  ++classes_[answer].answers;
  if (answer == label) ++classes_[label].right;
  ++confusion_[{static_cast<int64_t>(label), static_cast<int64_t>(answer)}];
  calibration_.add(row[answer], answer == label);
}

void TaskEvaluation::add_multilabel(size_t place, float probability, bool yes) {
  const bool answer = probability >= 0.5F;
  ClassTally& tally = classes_[place];
  if (yes) ++tally.labels;
  if (answer) ++tally.answers;
  if (yes && answer) ++tally.right;
  calibration_.add(probability, yes);
  scored_[place].push_back({.score = probability, .yes = yes});
}

TaskReport TaskEvaluation::report() const {
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  const bool multilabel = task_.kind == TaskKind::kMultilabel;
  const bool any = sums_.weight > 0;
  TaskReport report{.pictures = pictures_,
                    .unlabelled = unlabelled_,
                    .accuracy = any ? sums_.accuracy() : kUndefined,
                    .top_k = any && !multilabel ? sums_.top_k_accuracy() : kUndefined,
                    .loss = any ? sums_.mean_loss() : kUndefined,
                    .macro_f1 = macro_f1(classes_),
                    .balanced_accuracy = multilabel ? kUndefined : balanced_accuracy(classes_),
                    .mcc = multilabel ? kUndefined : matthews_correlation(classes_),
                    .calibration_error = calibration_.value(),
                    .classes = classes_,
                    .confusion = confusion_};
  for (std::vector<ScoredLabel> scored : scored_) {
    report.labelled.push_back(static_cast<int64_t>(scored.size()));
    report.average_precision.push_back(average_precision(scored));
    report.roc_auc.push_back(roc_auc(scored));
  }
  report.mean_average_precision = mean_of_defined(report.average_precision);
  report.mean_roc_auc = mean_of_defined(report.roc_auc);
  return report;
}

}  // namespace orthrus
