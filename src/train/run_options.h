// Options of where a training's results go, how it is gone on with, and what it runs on.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "base/options.h"
#include "train/run_folder.h"

namespace orthrus {

[[nodiscard]] std::vector<OptionSpec> run_options();

// The folder that --save-result or --run names, or a new numbered one in runs/. Throws kUsage when
// a run stands there already and is neither to be resumed nor (--save-result) replaced, kResource
// as RunFolder does.
// The folder that --run or --save-result names; nothing where neither is given.
[[nodiscard]] std::optional<std::filesystem::path> named_run_folder(const Options& options);

[[nodiscard]] std::unique_ptr<RunFolder> open_run_folder(const Options& options);

}  // namespace orthrus
