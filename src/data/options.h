// Options of augmentation and of the cache of pictures, and what they stand for.
#pragma once

#include <vector>

#include "base/options.h"
#include "data/augmentation.h"
#include "data/picture_cache.h"

namespace orthrus {

// --augment and what it is made of: --crop, --policy, --brightness, ...
[[nodiscard]] std::vector<OptionSpec> augmentation_options();
// Those that change one picture alone come first; mixing those of a batch is a matter of training.
[[nodiscard]] std::vector<OptionSpec> mixing_options();

// --picture-cache, --picture-cache-size, --picture-cache-dir.
[[nodiscard]] std::vector<OptionSpec> picture_cache_options();
// Throws kUsage for a size or folder of no cache.
[[nodiscard]] PictureCacheOptions picture_cache_of(const Options& options);

// Throws kUsage for options that contradict each other. Without mixing where its options are not
// declared.
[[nodiscard]] Augmentation augmentation_of(const Options& options);

}  // namespace orthrus
