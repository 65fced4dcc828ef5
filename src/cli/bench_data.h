// The part of `orthrus bench` that measures loading: --data.
#pragma once

#include <vector>

#include "cli/command.h"

namespace orthrus {

[[nodiscard]] std::vector<OptionSpec> bench_data_options();
// Of the list that --data names, as text or one JSON object.
int run_data_bench(const Options& options, CommandContext& context);

}  // namespace orthrus
