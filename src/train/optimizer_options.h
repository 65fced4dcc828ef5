// Options of the optimizer and of the learning rate's schedule.
#pragma once

#include <vector>

#include "base/options.h"
#include "train/run.h"

namespace orthrus {

// --lr, --mom, --wd, --optimizer, --schedule and what belongs to them.
[[nodiscard]] std::vector<OptionSpec> optimizer_options();

// Fills what they say into the request, whose batch size must be there already. Throws kUsage for
// options that do not go together.
void read_optimizer_options(const Options& options, TrainRequest& request);

}  // namespace orthrus
