// From a data set's label columns to the labels of tasks: which column each task reads, by its name
// wherever names are known, and what the column's texts or numbers mean to it (tasks/cells.h).
#pragma once

#include <string>
#include <vector>

#include "data/pictures.h"
#include "tasks/task.h"

namespace orthrus {

struct BindingOptions {
  // Columns that the user named for the tasks, one for each column that they read, in their order.
  std::vector<std::string> columns = {};
  bool may_lack_columns = false;  // tasks whose columns are not there are left out
  // Other data, or the model, say what the classes are: these have to follow, and decide nothing.
  bool settled = false;
  std::string unknown_class_hint = {};  // what to do where the data have a class that no task has
  std::string classes_file = {};        // which alone says how many classes there are
};

struct Binding {
  std::vector<std::string> warnings;
  std::vector<size_t> absent;  // tasks that are left out; all their labels are missing
};

// Finds the columns of each task, replaces the list's columns of texts by labels, and gives the
// tasks their positions, and what the data say of their classes. Throws kInput with the places of
// the first ten cells that are no labels; for a column that is not there; for a choice of columns
// that the user has to make. Check the labels themselves with check_labels().
Binding bind_labels(Pictures& pictures, std::vector<Task>& tasks,
                    const BindingOptions& options = {});

}  // namespace orthrus
