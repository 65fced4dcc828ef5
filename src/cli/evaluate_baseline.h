// delta_p: what learning the tasks together gains or costs, against evaluations of other models,
// such as one network for each task.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tasks/evaluation.h"

namespace orthrus {

struct BaselineTask {
  std::string task;
  double accuracy = 0;
  double baseline = 0;  // accuracy there

  [[nodiscard]] double change() const { return (accuracy - baseline) / baseline; }
};

struct BaselineComparison {
  std::vector<BaselineTask> tasks;  // that both have; empty: there is no baseline
  // Mean of the changes (Maninis, Radosavovic and Kokkinos 2019, arXiv:1904.08918, equation 4), by
  // accuracy.
  [[nodiscard]] double delta_p() const;
};

// Throws kInput for a file that compare_with() could not read, before there are figures to compare.
void check_baseline(std::span<const std::string> files);

// `files`: JSON that evaluate has written, each with some of the tasks; where several have one, the
// last counts. Throws kInput for a file that is none, and where no task is in any of them.
[[nodiscard]] BaselineComparison compare_with(std::span<const std::string> files,
                                              const std::vector<Task>& tasks,
                                              const std::vector<TaskReport>& reports);

}  // namespace orthrus
