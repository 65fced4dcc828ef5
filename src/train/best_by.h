// BestBy: what makes one epoch's model better than another's. A figure of the validation
// (tasks/evaluation.h), of one task or as the mean over the tasks that have it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tasks/evaluation.h"

namespace orthrus {

class BestBy {
 public:
  BestBy();  // the mean accuracy
  // "loss", "macro_f1:colour": the key of a figure, and a task's name. Throws kUsage, beginning
  // with `where`, for a figure that is unknown.
  BestBy(const std::string& text, const std::string& where);

  // Throws kUsage, beginning with `where`, when none of the tasks is meant, or has the figure.
  void check(const std::vector<Task>& tasks, const std::string& where) const;
  // `reports` are those of `tasks`. Nothing where the figure is not defined for the labels.
  [[nodiscard]] std::optional<double> score(std::span<const TaskReport> reports,
                                            const std::vector<Task>& tasks) const;
  [[nodiscard]] bool higher_is_better() const { return figure_->higher_is_better; }
  // As it was written.
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] bool means(const Task& task) const {
    return figure_->belongs_to(task) && (task_.empty() || task_ == task.name);
  }
  const TaskFigure* figure_;  // one of task_figures()
  std::string task_;          // empty: all
};

}  // namespace orthrus
