#include "data/pixel_operations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numbers>

#include "base/error.h"

namespace orthrus {

namespace {

// In float32, as torchvision: doubles would cut off other fractions.
uint8_t clamped(float value) {
  return static_cast<uint8_t>(std::clamp(value, 0.0F, 255.0F));  // the fraction is cut off
}

uint8_t grey_of(const uint8_t* pixel) {
  return static_cast<uint8_t>(0.2989F * static_cast<float>(pixel[0]) +
                              0.587F * static_cast<float>(pixel[1]) +
                              0.114F * static_cast<float>(pixel[2]));
}

template <typename Change>
void for_each_pixel(const ImageView& src, Image& dst, const Change& change) {
  for (int64_t y = 0; y < src.height; ++y) {
    const uint8_t* from = src.row(y);
    uint8_t* to = dst.row(y);
    for (int64_t x = 0; x < src.width; ++x, from += 3, to += 3) change(x, y, from, to);
  }
}

// Where a pixel of the result comes from: (a x + b y + c, d x + e y + f), the nearest one.
struct Affine {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
};

Affine rotation(double degrees, const ImageView& src) {
  const double angle = degrees * std::numbers::pi / 180;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const double x = static_cast<double>(src.width - 1) / 2;
  const double y = static_cast<double>(src.height - 1) / 2;
  return {.a = cosine,
          .b = -sine,
          .c = x - cosine * x + sine * y,
          .d = sine,
          .e = cosine,
          .f = y - sine * x - cosine * y};
}

void move_pixels(const Affine& from, const ImageView& src, Image& dst) {
  for_each_pixel(src, dst, [&](int64_t x, int64_t y, const uint8_t*, uint8_t* to) {
    const auto column = static_cast<double>(x), row = static_cast<double>(y);
    const auto at_x = std::lround(from.a * column + from.b * row + from.c);
    const auto at_y = std::lround(from.d * column + from.e * row + from.f);
    const bool inside = at_x >= 0 && at_x < src.width && at_y >= 0 && at_y < src.height;
    if (inside) {
      std::memcpy(to, src.row(at_y) + 3 * at_x, 3);
    } else {
      std::memset(to, 0, 3);
    }
  });
}

// Between `other` (0) and the value (1), or past either.
uint8_t blended(int value, float other, double factor) {
  return clamped(static_cast<float>(factor) * static_cast<float>(value) +
                 static_cast<float>(1 - factor) * other);
}

float mean_grey(const ImageView& src) {
  uint64_t sum = 0;
  for (int64_t y = 0; y < src.height; ++y) {
    for (int64_t x = 0; x < src.width; ++x) sum += grey_of(src.row(y) + 3 * x);
  }
  return static_cast<float>(static_cast<double>(sum) / static_cast<double>(src.width * src.height));
}

void sharpen(double factor, const ImageView& src, Image& dst) {
  for_each_pixel(src, dst, [&](int64_t x, int64_t y, const uint8_t* from, uint8_t* to) {
    const bool edge = x == 0 || y == 0 || x == src.width - 1 || y == src.height - 1;
    for (int c = 0; c < 3; ++c) {
      if (edge) {  // blended with itself, which may still round
        to[c] = blended(from[c], from[c], factor);
        continue;
      }
      int sum = 4 * from[c];
      for (int64_t row = -1; row <= 1; ++row) {
        const uint8_t* line = src.row(y + row) + 3 * x + c;
        sum += line[-3] + line[0] + line[3];
      }
      to[c] = blended(from[c], std::nearbyint(static_cast<float>(sum) / 13), factor);
    }
  });
}

using ByteTable = std::array<uint8_t, 256>;

template <typename Function>
ByteTable table_of(const Function& value) {
  ByteTable table{};
  for (int i = 0; i < 256; ++i) table[static_cast<size_t>(i)] = value(i);
  return table;
}

void look_up(const std::array<ByteTable, 3>& tables, const ImageView& src, Image& dst) {
  for_each_pixel(src, dst, [&](int64_t, int64_t, const uint8_t* from, uint8_t* to) {
    for (size_t c = 0; c < 3; ++c) to[c] = tables[c][from[c]];
  });
}

using Histogram = std::array<int64_t, 256>;

std::array<Histogram, 3> histograms(const ImageView& src) {
  std::array<Histogram, 3> counts{};
  for (int64_t y = 0; y < src.height; ++y) {
    const uint8_t* pixel = src.row(y);
    for (int64_t x = 0; x < src.width; ++x, pixel += 3) {
      for (size_t c = 0; c < 3; ++c) ++counts[c][pixel[c]];
    }
  }
  return counts;
}

ByteTable stretched(const Histogram& counts) {
  const auto used = [](int64_t count) { return count > 0; };
  const auto least = std::ranges::find_if(counts, used) - counts.begin();
  const auto most = 255 - (std::find_if(counts.rbegin(), counts.rend(), used) - counts.rbegin());
  if (least == most) return table_of([](int i) { return static_cast<uint8_t>(i); });
  const float scale = 255.0F / static_cast<float>(most - least);
  return table_of([&](int i) { return clamped(static_cast<float>(i - least) * scale); });
}

ByteTable equalised(const Histogram& counts) {
  int64_t total = 0, last = 0;
  for (const int64_t count : counts) {
    total += count;
    if (count > 0) last = count;
  }
  const int64_t step = (total - last) / 255;
  if (step == 0) return table_of([](int i) { return static_cast<uint8_t>(i); });
  int64_t below = 0;
  return table_of([&](int i) {
    const int64_t value = (below + step / 2) / step;
    below += counts[static_cast<size_t>(i)];
    return static_cast<uint8_t>(i == 0 ? 0 : std::min<int64_t>(value, 255));
  });
}

template <typename Make>
void look_up_histograms(const Make& make, const ImageView& src, Image& dst) {
  const std::array<Histogram, 3> counts = histograms(src);
  look_up({make(counts[0]), make(counts[1]), make(counts[2])}, src, dst);
}

template <typename Function>
void look_up_values(const Function& value, const ImageView& src, Image& dst) {
  const ByteTable table = table_of(value);
  look_up({table, table, table}, src, dst);
}

}  // namespace

void apply(PixelOperation operation, double amount, const ImageView& src, Image& dst) {
  dst.resize(src.width, src.height);
  const double factor = 1 + amount;
  switch (operation) {
    case PixelOperation::kIdentity:
      return move_pixels({}, src, dst);
    case PixelOperation::kShearX:
      return move_pixels({.b = amount, .c = amount / 2}, src, dst);
    case PixelOperation::kShearY:
      return move_pixels({.d = amount, .f = amount / 2}, src, dst);
    case PixelOperation::kTranslateX:
      return move_pixels({.c = -amount}, src, dst);
    case PixelOperation::kTranslateY:
      return move_pixels({.f = -amount}, src, dst);
    case PixelOperation::kRotate:
      return move_pixels(rotation(amount, src), src, dst);
    case PixelOperation::kBrightness:
      return look_up_values([&](int i) { return blended(i, 0, factor); }, src, dst);
    case PixelOperation::kColour:
      return for_each_pixel(src, dst, [&](int64_t, int64_t, const uint8_t* from, uint8_t* to) {
        const float grey = grey_of(from);
        for (int c = 0; c < 3; ++c) to[c] = blended(from[c], grey, factor);
      });
    case PixelOperation::kContrast: {
      const float grey = mean_grey(src);
      return look_up_values([&](int i) { return blended(i, grey, factor); }, src, dst);
    }
    case PixelOperation::kSharpness:
      return sharpen(factor, src, dst);
    case PixelOperation::kPosterise: {
      const int mask = 0xFF & ~((1 << (8 - static_cast<int>(amount))) - 1);
      return look_up_values([&](int i) { return static_cast<uint8_t>(i & mask); }, src, dst);
    }
    case PixelOperation::kSolarise:
      return look_up_values([&](int i) { return static_cast<uint8_t>(i >= amount ? 255 - i : i); },
                            src, dst);
    case PixelOperation::kAutoContrast:
      return look_up_histograms(stretched, src, dst);
    case PixelOperation::kEqualise:
      return look_up_histograms(equalised, src, dst);
  }
  throw internal_error("unknown operation {}", static_cast<int>(operation));
}

}  // namespace orthrus
