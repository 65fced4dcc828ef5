// The keys of a [[task]] table that say how cells are read: missing, decimal, separator, blank,
// uncertain, positive and negative.
#pragma once

#include "base/options.h"
#include "tasks/task.h"

namespace orthrus {

// Puts them into Task::missing and Task::cells; the task has its kind and its columns. Throws
// kUsage for a value that is not allowed, and for a key that says nothing to a task of this kind.
void read_cell_rule(const Options& entry, Task& task);

// The first of these keys that has another value than its default; empty where there is none.
[[nodiscard]] std::string cell_key_given(const Options& entry);

}  // namespace orthrus
