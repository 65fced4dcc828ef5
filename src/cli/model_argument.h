// What evaluate and predict have in common: the model that the command line names, ready to use.
#pragma once

#include <string>
#include <vector>

#include "base/options.h"
#include "model/model.h"
#include "model/options.h"

namespace orthrus {

// The model of --model, or else of the first of `arguments`, which is taken off. Throws kUsage when
// neither is there, and what resolving and loading throw.
[[nodiscard]] Model model_argument(const Options& options, std::vector<std::string>& arguments);

// --tasks, which model_argument() reads.
[[nodiscard]] OptionSpec tasks_option();

// --json
[[nodiscard]] OptionSpec json_option();

}  // namespace orthrus
