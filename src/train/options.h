// Options of a training, and the request that they make.
#pragma once

#include <memory>
#include <vector>

#include "base/options.h"
#include "train/run.h"

namespace orthrus {

// All of them: model, lists, optimizer, schedule, where the results go.
[[nodiscard]] std::vector<OptionSpec> train_options();

// The same as a table, with the sections that a file may have.
[[nodiscard]] OptionTable train_option_table();

// Throws kUsage for what is missing or cannot be had (several machines), kInput for a bad --classes
// file. `stop` is left empty.
[[nodiscard]] TrainRequest train_request(const Options& options);

// The folder that --save-result or --run names, or a new numbered one in runs/. Throws kUsage when
// a run stands there already and is neither to be resumed nor (--save-result) replaced, kResource
// as RunFolder does.
[[nodiscard]] std::unique_ptr<RunFolder> open_run_folder(const Options& options);

}  // namespace orthrus
