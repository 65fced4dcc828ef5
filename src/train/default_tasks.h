// The tasks of a training that declares none: --tasks auto, classic or class.
#pragma once

#include <vector>

#include "base/options.h"
#include "tasks/task.h"

namespace orthrus {

// auto: those of the upstream script for a .lst or .rec file, otherwise a task for each label
// column
// (--label-column, or the only one that may be meant), or for the folders. The first task has
// --num-classes where it is given. The data set's header is read, not its rows. Throws kUsage and
// kInput where the columns cannot be told.
[[nodiscard]] std::vector<Task> default_tasks(const Options& options);

// What --tasks auto stands for with these data, so that it can be written down: "classic" for a
// .lst or .rec file, otherwise "auto"; and the label columns by name, none where they have none.
struct ResolvedTasks {
  std::string preset;
  std::vector<std::string> columns;
};
[[nodiscard]] ResolvedTasks resolve_tasks(const Options& options);

}  // namespace orthrus
