// Writing lists (data/list.h has the format), and dealing pictures out to training, validation and
// test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/list.h"

namespace orthrus {

// One line, with its newline. Throws kInput for a path with a TAB or line end, which no list can
// hold.
[[nodiscard]] std::string list_line(int64_t index, std::span<const float> labels,
                                    std::string_view path);

struct SplitShares {
  double validation = 0;
  double test = 0;  // both 0 or more, together less than 1
};
struct Split3 {
  std::vector<size_t> train, validation, test;  // positions, ascending
};

// Stratified: each class (value of the first label column; missing is one of its own) is dealt out
// by these shares, rounded. Which pictures go where depends on the seed and their paths alone, so
// that a picture more or less moves few others.
[[nodiscard]] Split3 split_list(const ImageList& list, const SplitShares& shares, uint64_t seed);

// The labels of the first column that the list has and `part`, positions in it, has not, ascending;
// missing ones do not count.
[[nodiscard]] std::vector<float> absent_labels(const ImageList& list, std::span<const size_t> part);

}  // namespace orthrus
