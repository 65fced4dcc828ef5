// Look: what a picture looks like from far away, in 80 bytes, so that copies of other size, quality
// or format are found among millions. The picture is averaged to 9x8 grey cells; a bit says whether
// a cell is lighter than the one to its left (the difference hash, dHash), and the cells themselves
// tell true copies from pictures that only share their bits.
#pragma once

#include <array>
#include <cstdint>

#include "data/image.h"

namespace orthrus {

struct Look {
  static constexpr int kColumns = 9;
  static constexpr int kRows = 8;

  uint64_t bits = 0;
  std::array<uint8_t, kColumns* kRows> cells = {};
  bool flat = false;  // nearly one grey: says nothing
};

[[nodiscard]] Look look_of(const ImageView& picture);

// Whether two pictures are likely the same one: at most kMostBits differ, and the cells differ by
// kMostDifference on average at most.
inline constexpr int kMostBits = 4;
inline constexpr double kMostDifference = 3;
[[nodiscard]] bool look_alike(const Look& a, const Look& b);

}  // namespace orthrus
