// The part of `orthrus check` that lets people see what a training would: --show.
#pragma once

#include <vector>

#include "cli/command.h"
#include "data/pictures.h"

namespace orthrus {

[[nodiscard]] std::vector<OptionSpec> check_show_options();
// Throws kUsage, before the check takes its time.
void check_show_arguments(const Options& options);
// Writes the contact sheet that --show names, if any.
void show_pictures(const Options& options, const SharedPictures& pictures);

}  // namespace orthrus
