// Packing a list's pictures into PREFIX.rec, PREFIX.idx and PREFIX.lst, which MXNet's ImageIter and
// ImageRecordIter read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/decode.h"
#include "data/picture_source.h"
#include "data/pictures.h"

namespace orthrus {

struct PackOptions {
  DecodeLimits limits = {};
  PixelRule pixels = PixelRule::kMxnet;  // of pictures that are encoded anew
  // Pictures whose shorter edge is longer are resized to it and encoded as JPEG; all others keep
  // their files' bytes. 0: all keep them.
  int64_t resize = 0;
  int quality = 95;
  OnBadImage on_bad_image = OnBadImage::kFail;
};

struct PackReport {
  size_t packed = 0;
  size_t encoded = 0;  // of these, anew
  size_t webp = 0;     // of these, WebP files, which MXNet does not read
  uint64_t bytes = 0;  // of the .rec file
  // An index of the list stands for two images or is negative: keys count from 0 instead. Lines
  // that repeat one another keep their index, and get a record each.
  bool renumbered = false;
  std::vector<std::string> skipped;  // "list:line: reason"
};

// Every picture is decoded once, so that no bad one gets in. Each file is written whole, at the
// end, or not touched. `after` as in inspect_pictures().
[[nodiscard]] PackReport pack_pictures(const Pictures& pictures,
                                       const std::filesystem::path& prefix,
                                       const PackOptions& options,
                                       const std::function<void(int64_t more)>& after);

}  // namespace orthrus
