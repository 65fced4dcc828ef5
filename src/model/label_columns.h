// Which columns of an open list each task reads.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/list.h"
#include "tasks/task.h"

namespace orthrus {

// Of each task, places among the list's label columns, in the order of its labels; empty for a task
// that is left out.
using TaskColumns = std::vector<std::vector<size_t>>;

// `asked`: names that the user gave for the columns that the tasks read. Throws kInput for a column
// that is not there, unless tasks may be left out (but not all of them), and for a choice between
// columns that the user has to make.
[[nodiscard]] TaskColumns find_columns(const ImageList& list, const std::vector<Task>& tasks,
                                       const std::vector<std::string>& asked,
                                       bool may_lack_columns);

// Whether the list's columns have names that a user gave.
[[nodiscard]] bool names_columns(const ImageList& list);

}  // namespace orthrus
