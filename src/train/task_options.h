// Which tasks a training's options stand for.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "tasks/task.h"

namespace orthrus {

// The same options with the tasks of `--tasks FILE` as [[task]] tables, so that a run's config.toml
// stands on its own. Flag and environment go before the tables of a configuration. Throws kUsage
// when a configuration names tasks in two ways, and what read_task_file() throws.
[[nodiscard]] Options with_declared_tasks(Options options);

// A resumed training whose options say nothing of tasks has those of the run's config.toml, also
// where a version wrote it whose default was another one.
[[nodiscard]] Options with_former_tasks(Options options);

// Whether a config.toml is of a version that did not write down the label columns (early builds of
// 0.1.0).
[[nodiscard]] bool written_before_label_columns(const std::string& config);

// The configuration in a file, or a file with [[task]] tables alone: the values that it gives.
// Throws kUsage unless it holds a [[task]] table.
[[nodiscard]] Options read_task_configuration(const std::filesystem::path& path);

// The [[task]] tables; empty where there are none.
[[nodiscard]] std::span<const Options> task_entries(const Options& options);

// Of the [[task]] tables, or those that the options ask for, else the model's `own`, with the class
// names of --classes. Throws kUsage when nothing says how many classes there are.
[[nodiscard]] std::vector<Task> tasks_of(const Options& options, std::vector<Task> own);

// Whether these are the model's own tasks: no option asks for others.
[[nodiscard]] bool keeps_own_tasks(const Options& options, const std::vector<Task>& own);

// Throws kUsage when --weighting says that all tasks count alike, and one declares a weight.
void check_weighting(const Options& options, const std::vector<Task>& tasks);

}  // namespace orthrus
