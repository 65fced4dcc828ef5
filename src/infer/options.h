// Options of everything that runs a network over a list of pictures, and what they stand for.
#pragma once

#include <string>
#include <vector>

#include "base/options.h"
#include "data/loader.h"

namespace orthrus {

// --data-val, --image-val, --batch-size, --on-bad-image, --max-bad, picture_options(), --threads,
// compute_options().
[[nodiscard]] std::vector<OptionSpec> inference_options(const std::string& default_batch_size);

// --label-column, --path-column, --split-column, --decimal: how tables are read.
[[nodiscard]] std::vector<OptionSpec> table_options();
// What they say of the table itself; nothing where they are not declared.
[[nodiscard]] TableOptions table_rules(const Options& options);

// What reading pictures needs anywhere: --exclude, --pixels, --interpolation, --max-pixels,
// --max-file-bytes,
// --max-scans.
[[nodiscard]] std::vector<OptionSpec> picture_options();
[[nodiscard]] DecodeLimits decode_limits(const Options& options);
[[nodiscard]] PixelRule pixel_rule(const Options& options);
// What --pixels and --interpolation say, where they are given.
void set_pixel_rules(const Options& options, Preprocessing& preprocessing);

// Of the option pair with these keys, and --exclude where it is declared; the list must be given
// (kUsage). The folder is the list's own where none is given.
[[nodiscard]] PictureFiles picture_files(const Options& options, const std::string& list_key,
                                         const std::string& folder_key);

// Batch size and treatment of bad pictures, in list order.
[[nodiscard]] LoaderOptions loader_options(const Options& options);
// --threads alone, for commands that read no pictures.
[[nodiscard]] OptionSpec threads_option();
// --threads, `auto` being the usable cores.
[[nodiscard]] int thread_count(const Options& options);

// --tta, for what answers questions about pictures.
[[nodiscard]] OptionSpec test_time_option();
[[nodiscard]] bool averages_mirrored(const Options& options);

// --memory, for commands that train.
[[nodiscard]] OptionSpec memory_option();

}  // namespace orthrus
