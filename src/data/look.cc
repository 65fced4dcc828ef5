#include "data/look.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace orthrus {

namespace {

// Steps below this between two cells are noise of the encoder.
constexpr int kLeastStep = 2;
constexpr int kLeastContrast = 8;

// The average grey of columns [x0, x1) and rows [y0, y1), at least one pixel.
uint8_t average_grey(const ImageView& picture, int64_t x0, int64_t x1, int64_t y0, int64_t y1) {
  uint64_t sum = 0;
  for (int64_t y = y0; y < y1; ++y) {
    const uint8_t* pixel = picture.row(y) + 3 * x0;
    for (int64_t x = x0; x < x1; ++x, pixel += 3) {
      sum += 77U * pixel[0] + 150U * pixel[1] + 29U * pixel[2];  // 256 times ITU-R BT.601
    }
  }
  return static_cast<uint8_t>(sum / (256 * static_cast<uint64_t>((x1 - x0) * (y1 - y0))));
}

}  // namespace

Look look_of(const ImageView& picture) {
  Look look;
  for (int64_t row = 0; row < Look::kRows; ++row) {
    const int64_t y0 = picture.height * row / Look::kRows;
    const int64_t y1 = std::max(y0 + 1, picture.height * (row + 1) / Look::kRows);
    for (int64_t column = 0; column < Look::kColumns; ++column) {
      const int64_t x0 = picture.width * column / Look::kColumns;
      const int64_t x1 = std::max(x0 + 1, picture.width * (column + 1) / Look::kColumns);
      const auto cell = static_cast<size_t>(row * Look::kColumns + column);
      look.cells[cell] = average_grey(picture, x0, x1, y0, y1);
      if (column == 0) continue;
      const bool lighter = look.cells[cell] > look.cells[cell - 1] + kLeastStep;
      look.bits = look.bits << 1 | (lighter ? 1U : 0U);
    }
  }
  const auto [least, most] = std::ranges::minmax(look.cells);
  look.flat = most - least < kLeastContrast;
  return look;
}

bool look_alike(const Look& a, const Look& b) {
  if (std::popcount(a.bits ^ b.bits) > kMostBits) return false;
  int difference = 0;
  for (size_t i = 0; i < a.cells.size(); ++i) difference += std::abs(a.cells[i] - b.cells[i]);
  return difference <= kMostDifference * static_cast<double>(a.cells.size());
}

}  // namespace orthrus
