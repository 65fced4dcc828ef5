// Options of a training, and the request that they make.
#pragma once

#include <vector>

#include "base/options.h"
#include "train/run.h"

namespace orthrus {

// All of them: model, lists, optimizer, schedule, where the results go.
[[nodiscard]] std::vector<OptionSpec> train_options();
// The same as a table, with the [[task]] and [[source]] tables of a configuration.
[[nodiscard]] OptionTable train_table();

// --best-by alone.
[[nodiscard]] OptionSpec best_by_option();

// Throws kUsage for what is missing or cannot be had (several machines), kInput for a bad --classes
// file. `stop` is left empty.
[[nodiscard]] TrainRequest train_request(const Options& options);

}  // namespace orthrus
