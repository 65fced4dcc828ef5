// A list's labels against the tasks that will read them, before anything is computed.
#pragma once

#include <vector>

#include "data/list.h"
#include "tasks/task.h"

namespace orthrus {

// Throws kInput with file:line of the first ten labels that are no class of a task, and how many
// there are in all.
void check_labels(const ImageList& list, const std::vector<Task>& tasks);

}  // namespace orthrus
