// Relative paths of a configuration, which may be read in another folder than the one that they
// were written for.
//
// A file that a person wrote: a path is relative to the current folder where it is there, else to
// the file's own folder. What is in both, and is not the same, follows the other paths of the file;
// where they do not decide either, it is an error.
// The config.toml of a run: a path is relative to the folder in which the run was started, which
// its environment.json names, else to the current one; and the run is the folder that holds the
// file.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/options.h"
#include "train/run_folder.h"

namespace orthrus {

// The options with paths that hold in the current folder; those that flags or the environment give
// are relative to it anyway. Throws kInput for data that are in neither folder, kUsage for what
// could mean two files.
[[nodiscard]] Options with_located_paths(Options options);

// [[task]] tables of the file `config`, with the files that their `classes` name found as the paths
// of a configuration are.
[[nodiscard]] std::vector<Options> with_located_classes(std::span<const Options> entries,
                                                        const std::filesystem::path& config);

// The folder for RunEnvironment::started_in. A run that is resumed keeps its own; where that is not
// the current one, the paths become absolute.
[[nodiscard]] std::filesystem::path settle_paths(const RunFolder& folder, Options& options);

// Where a path names the same file in `now` as in `then`, each relative to its folder, `now` gets
// the text of `then`; also where that file is gone from its folder, and `now` names one of the same
// relative path in the current folder.
void agree_on_paths(Options& now, const std::filesystem::path& now_in, const Options& then,
                    const std::filesystem::path& then_in);

}  // namespace orthrus
