// One [[task]] table as a Task.
#pragma once

#include "base/options.h"
#include "tasks/task.h"

namespace orthrus {

// `from` is the task that the entry names under that key, null where it names none. Throws as
// declared_tasks() in tasks/task_file.h.
[[nodiscard]] Task read_task(const Options& entry, const Task* from);

}  // namespace orthrus
