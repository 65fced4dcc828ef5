// From the [[task]] tables of a configuration to tasks: names are looked up, rules are read and
// tried, derived tasks get the columns and rules of those that they come from, so that each Task
// stands on its own.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "tasks/task.h"

namespace orthrus {

// `entries` are those of task_section(). Throws kUsage with "file:line: key" and a hint: a name
// that is missing, taken or unknown, a cycle, a rule that cannot be read or gives no class, class
// counts that disagree, weights that do not fit; kInput for a file of class names that cannot be
// read.
// `decimal`: the separator of tasks that do not say theirs.
[[nodiscard]] std::vector<Task> declared_tasks(std::span<const Options> entries,
                                               const std::string& decimal = ".");

// The [[task]] entries of a file that holds nothing else but `decimal` (or [table] decimal) for
// those that do not say theirs. Throws kInput or kUsage as
// read_option_file(), and kUsage when there is none.
[[nodiscard]] std::vector<Options> read_task_file(const std::filesystem::path& path);

}  // namespace orthrus
