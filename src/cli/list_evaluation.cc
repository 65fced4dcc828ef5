#include "cli/list_evaluation.h"

#include <algorithm>

namespace orthrus {
namespace {

std::vector<size_t> all_but(size_t count, const std::vector<size_t>& absent) {
  std::vector<size_t> numbers;
  for (size_t i = 0; i < count; ++i) {
    if (std::ranges::find(absent, i) == absent.end()) numbers.push_back(i);
  }
  return numbers;
}

std::vector<Task> chosen(const std::vector<Task>& tasks, const std::vector<size_t>& numbers) {
  std::vector<Task> result;
  for (const size_t number : numbers) result.push_back(tasks[number]);
  return result;
}

}  // namespace

ListEvaluation::ListEvaluation(const std::vector<Task>& tasks, const std::vector<size_t>& absent)
    : reported_(all_but(tasks.size(), absent)),
      reported_tasks_(chosen(tasks, reported_)),
      evaluations_(reported_tasks_.begin(), reported_tasks_.end()),
      mistakes_(reported_tasks_.begin(), reported_tasks_.end()),
      consistency_(reported_tasks_) {}

void ListEvaluation::add(const BatchAnswers& all) {
  BatchAnswers answers = all;
  answers.tasks.clear();
  for (const size_t number : reported_) answers.tasks.push_back(all.tasks[number]);
  add_answers(answers, evaluations_);
  for (size_t task = 0; task < reported_.size(); ++task) {
    const TaskAnswers& own = answers.tasks[task];
    mistakes_[task].add(own.probabilities, own.labels, own.present, answers.positions);
  }
  if (consistency_.reports().empty()) return;
  for (size_t row = 0; row < answers.positions.size(); ++row) add_picture(answers, row);
}

ModelReport ListEvaluation::report() const {
  return {.tasks = reports_of(evaluations_), .consistency = consistency_.reports(), .baseline = {}};
}

void ListEvaluation::add_picture(const BatchAnswers& answers, size_t row) {
  rows_.clear();
  labels_.clear();
  present_.clear();
  for (size_t task = 0; task < reported_tasks_.size(); ++task) {
    const TaskAnswers& own = answers.tasks[task];
    const auto classes = static_cast<size_t>(reported_tasks_[task].classes);
    const auto first = row * static_cast<size_t>(reported_tasks_[task].label_width());
    rows_.push_back(own.probabilities.subspan(row * classes, classes));
    labels_.push_back(own.labels[first]);
    present_.push_back(own.present[first]);
  }
  consistency_.add(rows_, labels_, present_);
}

}  // namespace orthrus
