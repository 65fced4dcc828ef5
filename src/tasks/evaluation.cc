#include "tasks/evaluation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "tasks/calibration.h"

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

using Confusion = std::map<std::pair<int64_t, int64_t>, int64_t>;

// Mean of |label - answer|^power; NaN of nothing.
double mean_distance(const Confusion& confusion, double power) {
  double sum = 0, count = 0;
  for (const auto& [place, pictures] : confusion) {
    const auto distance = static_cast<double>(std::abs(place.first - place.second));
    sum += static_cast<double>(pictures) * std::pow(distance, power);
    count += static_cast<double>(pictures);
  }
  return sum / count;
}

// 1 - mean squared distance / that of labels and answers drawn apart from each other, which is
// E l^2 + E a^2 - 2 E l E a (cohen_kappa_score, weights="quadratic"). NaN where both are always the
// same.
double weighted_kappa(const Confusion& confusion) {
  double count = 0, labels = 0, answers = 0, squares = 0;
  for (const auto& [place, pictures] : confusion) {
    const auto weight = static_cast<double>(pictures);
    const auto label = static_cast<double>(place.first);
    const auto answer = static_cast<double>(place.second);
    count += weight;
    labels += weight * label;
    answers += weight * answer;
    squares += weight * (label * label + answer * answer);
  }
  const double apart = squares / count - 2 * (labels / count) * (answers / count);
  return apart > 0 ? 1 - mean_distance(confusion, 2) / apart
                   : std::numeric_limits<double>::quiet_NaN();
}

constexpr std::array kTaskFigures = {
    TaskFigure{"accuracy", "accuracy", &TaskReport::accuracy},
    TaskFigure{"top5", "top-5", &TaskReport::top_k, true, true, false, true, MetricSums::kTopK},
    TaskFigure{"loss", "loss", &TaskReport::loss, false},
    TaskFigure{"macro_f1", "macro F1", &TaskReport::macro_f1},
    TaskFigure{"balanced_accuracy", "balanced accuracy", &TaskReport::balanced_accuracy, true, true,
               false},
    TaskFigure{"mcc", "MCC", &TaskReport::mcc, true, true, false},
    TaskFigure{"mean_average_precision", "average precision", &TaskReport::mean_average_precision,
               true, false, true, false},
    TaskFigure{"mean_roc_auc", "ROC-AUC", &TaskReport::mean_roc_auc, true, false, true, false},
    TaskFigure{"mean_absolute_error", "mean abs. error", &TaskReport::mean_absolute_error, false,
               false, false},
    TaskFigure{"weighted_kappa", "weighted kappa", &TaskReport::weighted_kappa, true, false, false},
    TaskFigure{"calibration_error", "calibration error", &TaskReport::calibration_error, false},
};
static_assert(MetricSums::kTopK == 5);

// At which coverage is told.
constexpr std::array kConfidences = {0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};

bool any_present(std::span<const float> present) {
  return std::ranges::any_of(present, [](float value) { return value != 0; });
}

}  // namespace

std::span<const TaskFigure> task_figures() {
  return kTaskFigures;
}

TaskEvaluation::TaskEvaluation(const Task& task)
    : task_(task), classes_(static_cast<size_t>(task.classes)) {
  if (task.kind == TaskKind::kMultilabel) {
    scored_.resize(classes_.size());
  } else {
    for (const double confidence : kConfidences) coverage_.push_back({.confidence = confidence});
  }
}

void TaskEvaluation::add(std::span<const float> probabilities, std::span<const float> labels,
                         std::span<const float> present, int count) {
  if (!std::ranges::all_of(probabilities, [](float p) { return std::isfinite(p); })) {
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
  const auto answer = static_cast<size_t>(most_probable(row));
  ++classes_[label].labels;
  ++classes_[answer].answers;
  if (answer == label) ++classes_[label].right;
  ++confusion_[{static_cast<int64_t>(label), static_cast<int64_t>(answer)}];
  calibration_.add(row[answer], answer == label);
  for (Coverage& coverage : coverage_) {
    if (row[answer] < coverage.confidence) break;
    ++coverage.answers;
    if (answer == label) ++coverage.right;
  }
  add_uncalibrated(row, answer, answer == label);
}

void TaskEvaluation::add_uncalibrated(std::span<const float> row, size_t answer, bool right) {
  if (task_.temperature == 1) return;
  row_.assign(row.begin(), row.end());
  change_temperature(task_, task_.temperature, row_);
  uncalibrated_.add(row_[answer], right);
}

void TaskEvaluation::add_multilabel(size_t place, float probability, bool yes) {
  const bool answer = probability >= 0.5F;
  ClassTally& tally = classes_[place];
  if (yes) ++tally.labels;
  if (answer) ++tally.answers;
  if (yes && answer) ++tally.right;
  calibration_.add(probability, yes);
  add_uncalibrated({&probability, 1}, 0, yes);
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
                    .mean_absolute_error = mean_distance(confusion_, 1),
                    .weighted_kappa = weighted_kappa(confusion_),
                    .uncalibrated_error = uncalibrated_.value(),
                    .reliability = {calibration_.bins().begin(), calibration_.bins().end()},
                    .coverage = coverage_,
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
