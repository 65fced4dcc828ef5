// Reading every picture of a list once and keeping what is to be known of each: whether it can be
// used, what it is, and what it looks like. Nothing is written, and nothing is judged here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/decode.h"
#include "data/look.h"
#include "data/pictures.h"

namespace orthrus {

struct PictureFacts {
  bool usable = false;   // decoded; else only `file_bytes` may be known
  bool missing = false;  // there is no such file
  uint64_t file_bytes = 0;
  uint64_t file_hash = 0;  // XXH3 of the encoded bytes
  ImageInfo info;          // `orientation` is that of EXIF
  Look look;               // upright
};

struct Inspection {
  std::vector<PictureFacts> facts;         // by position in the list
  std::map<size_t, std::string> problems;  // of those that are not usable: why
};

// In parallel. `after` is told, on the calling thread and now and then, how many more are done;
// what it throws ends the work.
[[nodiscard]] Inspection inspect_pictures(const Pictures& pictures, const DecodeLimits& limits,
                                          const std::function<void(int64_t more)>& after);

}  // namespace orthrus
