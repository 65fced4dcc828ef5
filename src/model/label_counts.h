// How often the labels of each task occur in a list, and what depends on that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/list.h"
#include "tasks/task.h"

namespace orthrus {

struct LabelCounts {
  std::vector<int64_t> per_class;  // pictures of each class; of a multilabel task: those with a 1
  std::vector<int64_t> zeros;      // of a multilabel task: those with a 0
  int64_t present = 0;             // labels that are there; at most one for each of label_width()
  int64_t missing = 0;
};

// Of each task. The list's labels must fit the tasks (check_labels).
[[nodiscard]] std::vector<LabelCounts> count_labels(const ImageList& list,
                                                    const std::vector<Task>& tasks);

// Gives the tasks with Task::weight_by_labels their weight, the share of the labels that are there,
// and those with Task::balanced their class weights, by the counts of the training list. With
// n labels, of class c n_c, and K classes that occur: n / (K n_c), as scikit-learn's "balanced" has
// it; 1 for a class that does not occur. The weight of a 1 of a multilabel task: zeros / ones; 1
// where either is missing.
void weigh_by_counts(std::vector<Task>& tasks, const std::vector<LabelCounts>& training);

// Throws kInput when a task has no label at all in the training list.
void check_labelled(const ImageList& training, const std::vector<Task>& tasks,
                    const std::vector<LabelCounts>& counts);

// "'val.lst' has no picture of these classes of task 'kind': rose, tulip", one line for each task
// with such classes that the training list, of these counts, has; figures for them mean nothing.
[[nodiscard]] std::vector<std::string> unseen_classes(const std::vector<LabelCounts>& training,
                                                      const ImageList& validation,
                                                      const std::vector<Task>& tasks);

}  // namespace orthrus
