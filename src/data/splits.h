// Data sets that hold their own splits: a folder with train/ and val/ in it, or a table with a
// column that says to which part a row belongs.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "data/pictures.h"

namespace orthrus {

enum class SplitPart { kTrain, kValidation, kTest };

// train; val, valid, validation or dev; test: in any case. Nothing for another name.
[[nodiscard]] std::optional<SplitPart> split_named(std::string_view name);

// The parts of a data set; those that it does not have are empty.
struct Splits {
  std::array<std::optional<PictureFiles>, 3> parts;
  std::string report;  // "photos holds splits: train (training), val (validation), test (held out)"

  [[nodiscard]] const std::optional<PictureFiles>& operator[](SplitPart part) const {
    return parts[static_cast<size_t>(part)];
  }
};

// Those of a folder all of whose sub-folders that hold images are named as splits and hold class
// folders, or of a table with TableOptions::split_column. Nothing for any other data set. Throws
// kInput for two folders of the same part, and for texts in the split column that name no part.
[[nodiscard]] std::optional<Splits> find_splits(const PictureFiles& files);

// A warning where a data set that is used as a whole looks like one with splits: sub-folders that
// are not all named so (Training, Testing), but several are, or all hold folders of the same names;
// a column such as split whose texts all name parts. Empty otherwise.
[[nodiscard]] std::string suspected_splits(const PictureFiles& files);

}  // namespace orthrus
