// Options of everything that runs a network over a list of pictures, and what they stand for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/options.h"
#include "data/loader.h"

namespace orthrus {

// --data-val, --image-val, --batch-size, --on-bad-image, --threads.
[[nodiscard]] std::vector<OptionSpec> inference_options(const std::string& default_batch_size);

// A list file and the folder of its pictures.
struct PictureFiles {
  std::filesystem::path list;
  std::filesystem::path folder;  // the list's own where none is given
};
// Of the option pair with these keys; the list must be given (kUsage).
[[nodiscard]] PictureFiles picture_files(const Options& options, const std::string& list_key,
                                         const std::string& folder_key);

// Batch size and treatment of bad pictures, in list order.
[[nodiscard]] LoaderOptions loader_options(const Options& options);
// --threads alone, for commands that read no pictures.
[[nodiscard]] OptionSpec threads_option();
// --threads, `auto` being the usable cores.
[[nodiscard]] int thread_count(const Options& options);

}  // namespace orthrus
