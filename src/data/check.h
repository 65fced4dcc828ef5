// The check of a data set, before a training finds out: what cannot be used, what is there twice or
// in training and validation alike, and how the labels lie. It reads; it never writes into the data
// set.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/column_counts.h"
#include "data/duplicates.h"
#include "data/inspect.h"
#include "data/pictures.h"

namespace orthrus {

struct CheckOptions {
  DecodeLimits limits = {};
  int64_t tiny_edge = 10;  // pictures whose shorter edge has fewer pixels
  int64_t classes = 0;     // of the label column; 0: not known
  size_t class_column = 0;
};

enum class Badness { kMissing, kUnreadable, kTiny, kLabel };
inline constexpr std::array<const char*, 4> kBadnessNames = {"missing", "unreadable", "tiny",
                                                             "label out of range"};

// A picture that a training should leave out.
struct BadPicture {
  size_t set = 0;  // 0: the first list, 1: the second
  size_t position = 0;
  Badness badness = Badness::kMissing;
  std::string reason;
};

// Smallest, median, largest.
struct Spread {
  int64_t least = 0, median = 0, most = 0;
};

// What is to be said of one list.
struct SetReport {
  size_t pictures = 0;
  Spread width, height;                   // of the usable ones, as they lie in their files
  std::map<std::string, size_t> formats;  // "JPEG, 3 channels" -> how many
  size_t turned = 0;                      // whose EXIF orientation is not upright
  std::vector<ColumnCounts> labels;
};

struct CheckedPicture {
  size_t set = 0;
  size_t position = 0;
};
using CheckedGroup = std::vector<CheckedPicture>;

struct CheckReport {
  std::vector<SetReport> sets;
  std::vector<BadPicture> bad;  // by set and position; a picture stands here once, by its worst
  std::vector<CheckedGroup> exact, near;

  [[nodiscard]] size_t count(Badness badness) const;
};

// Whether a group has members of both sets.
[[nodiscard]] bool across(const CheckedGroup& group);

// What the list says about an image, for people: "cats", or "3, -" where the second of two labels
// is missing.
[[nodiscard]] std::string labels_text(const ImageList& list, size_t position);
// Whether the members of a group have different labels.
[[nodiscard]] bool labels_differ(const std::vector<SharedPictures>& sets,
                                 const CheckedGroup& group);

// `sets`: training, and validation where there is one.
[[nodiscard]] CheckReport check_pictures(const std::vector<SharedPictures>& sets,
                                         const CheckOptions& options,
                                         const std::function<void(int64_t more)>& after);

}  // namespace orthrus
