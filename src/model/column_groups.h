// Which tasks share the labels that are made of a column, and how its cells become labels for them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/list.h"
#include "model/label_columns.h"
#include "tasks/task.h"

namespace orthrus {

enum class Decoding { kClasses, kNumbers, kBinary, kTags };

// Tasks that read the same columns in the same way, so that one set of labels serves them all.
struct ColumnGroup {
  std::vector<size_t> places;  // among the list's columns
  Decoding decoding = Decoding::kClasses;
  size_t lead = 0;  // the task that says how the cells are read
  std::vector<size_t> tasks = {};
  int position = 0;  // of the first label column that comes of it
  int width = 1;     // how many there are
};

// Of the tasks that have columns (`places`). A task with one right class makes classes of its
// cells, and so do those derived from it; a rule on a column reads its numbers. Throws kInput for a
// place that the list does not have; `origin` is the list's.
[[nodiscard]] std::vector<ColumnGroup> group_columns(const std::vector<LabelColumn>& columns,
                                                     const std::vector<Task>& tasks,
                                                     const TaskColumns& places,
                                                     const std::string& origin);

}  // namespace orthrus
