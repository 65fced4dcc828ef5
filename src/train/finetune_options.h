// Options that say what of the network is trained, and what they stand for.
#pragma once

#include <vector>

#include "base/options.h"
#include "train/run.h"

namespace orthrus {

// --train, --bn, --input-norm, --cache and what belongs to it, --views,
// --heads-first, --solver, --fraction, --patience, --dry-run.
[[nodiscard]] std::vector<OptionSpec> finetune_options();

// Fills what they say into the request. The request's preprocessing must be there already:
// --input-norm off changes it.
void read_finetune_options(const Options& options, TrainRequest& request);

}  // namespace orthrus
