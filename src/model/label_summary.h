// What was understood of a data set's labels, in a line for each task.
#pragma once

#include <string>
#include <vector>

#include "data/list.h"
#include "model/label_counts.h"
#include "tasks/task.h"

namespace orthrus {

// "task 'colour': column 'colour' of train.csv, 3 classes: blue 16, green 16, red 16; 2 without a
// label". Long lists of classes are shortened.
[[nodiscard]] std::vector<std::string> label_summary(const ImageList& list,
                                                     const std::vector<Task>& tasks,
                                                     const std::vector<LabelCounts>& counts);

// The columns that a task reads, for people: "column 'colour'", "label column 0", "folders".
[[nodiscard]] std::string column_text(const Task& task);

}  // namespace orthrus
