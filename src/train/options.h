// Options of a training, and the request that they make.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/options.h"
#include "train/run.h"

namespace orthrus {

// All of them: model, lists, optimizer, schedule, where the results go.
[[nodiscard]] std::vector<OptionSpec> train_options();
// The same as a table, with the [[task]] tables of a configuration.
[[nodiscard]] OptionTable train_table();

// The same options with the tasks of `--tasks FILE` as [[task]] tables, so that a run's config.toml
// stands on its own. Flag and environment go before the tables of a configuration. Throws kUsage
// when a configuration names tasks in two ways, and what read_task_file() throws.
[[nodiscard]] Options with_declared_tasks(Options options);

// The configuration in a file, or a file with [[task]] tables alone: the values that it gives.
// Throws kUsage unless it holds a [[task]] table.
[[nodiscard]] Options read_task_configuration(const std::filesystem::path& path);

// Throws kUsage for what is missing or cannot be had (several machines), kInput for a bad --classes
// file. `stop` is left empty.
[[nodiscard]] TrainRequest train_request(const Options& options);

// The folder that --save-result or --run names, or a new numbered one in runs/. Throws kUsage when
// a run stands there already and is neither to be resumed nor (--save-result) replaced, kResource
// as RunFolder does.
[[nodiscard]] std::unique_ptr<RunFolder> open_run_folder(const Options& options);

}  // namespace orthrus
