// The evaluation of a model over a list, gathered batch by batch.
#pragma once

#include <span>
#include <vector>

#include "cli/evaluate_report.h"
#include "infer/evaluate.h"
#include "tasks/consistency.h"
#include "tasks/mistakes.h"

namespace orthrus {

class ListEvaluation {
 public:
  // `tasks` must outlive it; those in `absent` are left out of the report.
  ListEvaluation(const std::vector<Task>& tasks, const std::vector<size_t>& absent);

  void add(const BatchAnswers& answers);

  // The tasks that are reported, and what is to be said of each, in the same order.
  [[nodiscard]] const std::vector<Task>& tasks() const { return reported_tasks_; }
  [[nodiscard]] ModelReport report() const;
  [[nodiscard]] const std::vector<MistakeCollector>& mistakes() const { return mistakes_; }

 private:
  void add_picture(const BatchAnswers& answers, size_t row);

  std::vector<size_t> reported_;  // numbers of the tasks
  std::vector<Task> reported_tasks_;
  std::vector<TaskEvaluation> evaluations_;
  std::vector<MistakeCollector> mistakes_;
  ConsistencyEvaluation consistency_;
  std::vector<std::span<const float>> rows_;  // of one image, by task
  std::vector<float> labels_, present_;
};

}  // namespace orthrus
