// Options of a training whose values follow from machine and data: `--batch-size auto`, `--time
// 20m`, the epochs of `--schedule bit`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/options.h"
#include "train/observer.h"

namespace orthrus {

[[nodiscard]] bool depends_on_machine(const Options& options);

// With a batch to check the other options by, and to measure with, where its size is not known yet.
[[nodiscard]] Options provisional(Options options);

// Puts the values in the place of what asks for them, and says so, a note each. A training that is
// gone on with keeps those that `former`, its configuration, has. Throws kUsage and kResource as
// largest_batch() and epochs_within() do.
[[nodiscard]] std::vector<std::string> fit_to_machine(Options& options,
                                                      const std::filesystem::path& former,
                                                      Backend& backend, TrainObserver& observer);

// Throws kUsage, for commands that want the values themselves.
void refuse_what_depends_on_machine(const Options& options, const char* command);

}  // namespace orthrus
