#include "data/interpolate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/error.h"

namespace orthrus {

namespace {

// Twice inverted, as OpenCV does: the double is not always that of in / out.
double scale_of(int64_t in, int64_t out) {
  return 1.0 / (static_cast<double>(out) / static_cast<double>(in));
}

enum class Method { kNearest, kLinear, kGrowingArea, kArea, kWholeArea, kLanczos };

bool is_whole(double scale) {
  return std::abs(scale - std::nearbyint(scale)) < std::numeric_limits<double>::epsilon();
}

Method method_of(Interpolation interpolation, Size whole, Size out) {
  const double x = scale_of(whole.width, out.width), y = scale_of(whole.height, out.height);
  const bool whole_steps = is_whole(x) && is_whole(y);
  switch (interpolation) {
    case Interpolation::kNearest:
      return Method::kNearest;
    case Interpolation::kLinear: {
      const bool half = whole_steps && std::nearbyint(x) == 2 && std::nearbyint(y) == 2;
      return half ? Method::kWholeArea : Method::kLinear;
    }
    case Interpolation::kArea:
      if (x < 1 || y < 1) return Method::kGrowingArea;
      return whole_steps ? Method::kWholeArea : Method::kArea;
    case Interpolation::kLanczos:
      return Method::kLanczos;
    default:
      throw internal_error("interpolation {} is not made here", static_cast<int>(interpolation));
  }
}

// Source pixels that an output pixel is made of, from `first` on.
template <typename Weight>
struct Support {
  int64_t first = 0;
  std::vector<Weight> weights;
};

int64_t nearest_to(int64_t in, int64_t out, int64_t position) {
  const double at = std::floor(static_cast<double>(position) * scale_of(in, out));
  return std::min(static_cast<int64_t>(at), in - 1);
}

// Two neighbours, which at an edge are the same pixel: across, all of the weight is then the
// first's; down, OpenCV leaves it to both, which rounds otherwise.
struct Neighbours {
  int64_t at[2];
  int weight[2];
};

Neighbours neighbours_of(Method method, int64_t in, int64_t out, int64_t position, bool across) {
  constexpr float kOne = 2048;
  const double scale = scale_of(in, out);
  int64_t base = 0;
  float t = 0;
  if (method == Method::kLinear) {
    const auto at = static_cast<float>((static_cast<double>(position) + 0.5) * scale - 0.5);
    base = static_cast<int64_t>(std::floor(at));
    t = at - static_cast<float>(base);
  } else {
    base = static_cast<int64_t>(std::floor(static_cast<double>(position) * scale));
    const double inverse = static_cast<double>(out) / static_cast<double>(in);
    t = static_cast<float>(static_cast<double>(position + 1) -
                           static_cast<double>(base + 1) * inverse);
    t = t <= 0 ? 0.0F : t - std::floor(t);
  }
  if (across && (base < 0 || base >= in - 1)) t = 0;
  return {{std::clamp<int64_t>(base, 0, in - 1), std::clamp<int64_t>(base + 1, 0, in - 1)},
          {static_cast<int>(std::lrint((1 - t) * kOne)), static_cast<int>(std::lrint(t * kOne))}};
}

// The taps of Lanczos' window of four lobes on each side; those beyond an edge are its pixel.
struct LanczosTaps {
  static constexpr int kCount = 8;
  int64_t at[kCount];
  int weight[kCount];  // in 1/2048
};

// interpolateLanczos4: sin(pi (x - i)) sin(pi (x - i) / 4) over the square of that, scaled to
// sum 1. The first factor has one size for all taps and drops out but for its sign, which, with the
// second by the rule for sums of angles, is in the table.
LanczosTaps lanczos_taps(int64_t in, int64_t out, int64_t position) {
  constexpr double kHalfRoot = 0.70710678118654752440084436210485;
  constexpr double kSigns[LanczosTaps::kCount][2] = {
      {1, 0},  {-kHalfRoot, -kHalfRoot}, {0, 1},  {kHalfRoot, -kHalfRoot},
      {-1, 0}, {kHalfRoot, kHalfRoot},   {0, -1}, {-kHalfRoot, kHalfRoot}};
  constexpr double kQuarter = 3.1415926535897932384626433832795 * 0.25;
  const auto at =
      static_cast<float>((static_cast<double>(position) + 0.5) * scale_of(in, out) - 0.5);
  const auto base = static_cast<int64_t>(std::floor(at));
  const float x = at - static_cast<float>(base);
  LanczosTaps taps{};
  float share[LanczosTaps::kCount] = {};
  if (x < std::numeric_limits<float>::epsilon()) {
    share[3] = 1;
  } else {
    const double angle = -static_cast<double>(x + 3) * kQuarter;
    const double sine = std::sin(angle), cosine = std::cos(angle);
    float sum = 0;
    for (int i = 0; i < LanczosTaps::kCount; ++i) {
      const double y = -static_cast<double>(x + 3 - static_cast<float>(i)) * kQuarter;
      share[i] = static_cast<float>((kSigns[i][0] * sine + kSigns[i][1] * cosine) / (y * y));
      sum += share[i];
    }
    sum = 1.0F / sum;
    for (float& value : share) value *= sum;
  }
  for (int i = 0; i < LanczosTaps::kCount; ++i) {
    taps.at[i] = std::clamp<int64_t>(base - 3 + i, 0, in - 1);
    taps.weight[i] = static_cast<int>(std::lrint(share[i] * 2048));
  }
  return taps;
}

// computeResizeAreaTab
Support<float> area_of(int64_t in, int64_t out, int64_t position) {
  constexpr double kLeast = 1e-3;
  const double scale = scale_of(in, out);
  const double begin = static_cast<double>(position) * scale, end = begin + scale;
  const double cell = std::min(scale, static_cast<double>(in) - begin);
  const auto last = std::min(static_cast<int64_t>(std::floor(end)), in - 1);
  const auto first = std::min(static_cast<int64_t>(std::ceil(begin)), last);
  Support<float> support{.first = first, .weights = {}};
  const double before = static_cast<double>(first) - begin;
  if (before > kLeast) {
    --support.first;
    support.weights.push_back(static_cast<float>(before / cell));
  }
  for (int64_t at = first; at < last; ++at) {
    support.weights.push_back(static_cast<float>(1 / cell));
  }
  const double after = end - static_cast<double>(last);
  if (after > kLeast) {
    support.weights.push_back(static_cast<float>(std::min(std::min(after, 1.0), cell) / cell));
  }
  return support;
}

// Source pixels from the first to the last that output pixels [first, first + count) need.
void needed_range(Method method, int64_t in, int64_t out, int64_t first, int64_t count,
                  int64_t& begin, int64_t& length) {
  const int64_t final = first + count - 1;
  int64_t end = 0;
  switch (method) {
    case Method::kNearest:
      begin = nearest_to(in, out, first);
      end = nearest_to(in, out, final) + 1;
      break;
    case Method::kLinear:
    case Method::kGrowingArea:
      begin = neighbours_of(method, in, out, first, false).at[0];
      end = neighbours_of(method, in, out, final, false).at[1] + 1;
      break;
    case Method::kLanczos:
      begin = lanczos_taps(in, out, first).at[0];
      end = lanczos_taps(in, out, final).at[LanczosTaps::kCount - 1] + 1;
      break;
    case Method::kWholeArea:
      begin = first * (in / out);
      end = (final + 1) * (in / out);
      break;
    case Method::kArea: {
      begin = area_of(in, out, first).first;
      const Support<float> support = area_of(in, out, final);
      end = support.first + static_cast<int64_t>(support.weights.size());
      break;
    }
  }
  length = end - begin;
}

// Sums of source rows across, for the rows last wanted, as many as `kRows` (neighbours lie in
// different slots).
template <typename Sum, int kRows = 2>
class RowSums {
 public:
  template <typename Make>
  const Sum* get(int64_t row, size_t size, const Make& make) {
    const auto slot = static_cast<size_t>(row % kRows);
    if (row_[slot] != row + 1) {
      sums_[slot].resize(size);
      make(row, sums_[slot].data());
      row_[slot] = row + 1;
    }
    return sums_[slot].data();
  }

 private:
  std::vector<Sum> sums_[kRows];
  int64_t row_[kRows] = {};  // plus 1; 0: none
};

void take_nearest(const ImagePart& src, Size out, const Rectangle& region, Image& dst) {
  for (int64_t y = 0; y < region.height; ++y) {
    const uint8_t* from =
        src.pixels.row(nearest_to(src.whole.height, out.height, region.y + y) - src.y);
    for (int64_t x = 0; x < region.width; ++x) {
      const int64_t at = nearest_to(src.whole.width, out.width, region.x + x) - src.x;
      std::memcpy(dst.row(y) + 3 * x, from + 3 * at, 3);
    }
  }
}

void mix_linear(Method method, const ImagePart& src, Size out, const Rectangle& region,
                Image& dst) {
  std::vector<Neighbours> columns;
  for (int64_t x = 0; x < region.width; ++x) {
    columns.push_back(neighbours_of(method, src.whole.width, out.width, region.x + x, true));
    for (int64_t& at : columns.back().at) at = 3 * (at - src.x);
    // With all weight on the first, the second may lie outside of the part.
    if (columns.back().weight[1] == 0) columns.back().at[1] = columns.back().at[0];
  }
  const auto across = [&](int64_t row, int* sums) {
    const uint8_t* pixels = src.pixels.row(row - src.y);
    for (const Neighbours& column : columns) {
      for (int c = 0; c < 3; ++c) {
        *sums++ = pixels[column.at[0] + c] * column.weight[0] +
                  pixels[column.at[1] + c] * column.weight[1];
      }
    }
  };
  RowSums<int> rows;
  const auto values = static_cast<size_t>(3 * region.width);
  for (int64_t y = 0; y < region.height; ++y) {
    const Neighbours down =
        neighbours_of(method, src.whole.height, out.height, region.y + y, false);
    const int* above = rows.get(down.at[0], values, across);
    const int* below = rows.get(down.at[1], values, across);
    uint8_t* to = dst.row(y);
    for (size_t i = 0; i < values; ++i) {
      const int value =
          ((down.weight[0] * (above[i] >> 4)) >> 16) + ((down.weight[1] * (below[i] >> 4)) >> 16);
      to[i] = static_cast<uint8_t>(std::clamp((value + 2) >> 2, 0, 255));
    }
  }
}

void mix_lanczos(const ImagePart& src, Size out, const Rectangle& region, Image& dst) {
  std::vector<LanczosTaps> columns;
  for (int64_t x = 0; x < region.width; ++x) {
    columns.push_back(lanczos_taps(src.whole.width, out.width, region.x + x));
    for (int64_t& at : columns.back().at) at = 3 * (at - src.x);
  }
  const auto across = [&](int64_t row, int* sums) {
    const uint8_t* pixels = src.pixels.row(row - src.y);
    for (const LanczosTaps& column : columns) {
      for (int c = 0; c < 3; ++c) {
        int sum = 0;
        for (int i = 0; i < LanczosTaps::kCount; ++i) {
          sum += pixels[column.at[i] + c] * column.weight[i];
        }
        *sums++ = sum;
      }
    }
  };
  RowSums<int, LanczosTaps::kCount> rows;
  const auto values = static_cast<size_t>(3 * region.width);
  std::vector<int64_t> total(values);
  for (int64_t y = 0; y < region.height; ++y) {
    const LanczosTaps down = lanczos_taps(src.whole.height, out.height, region.y + y);
    std::ranges::fill(total, int64_t{1} << 21);
    for (int i = 0; i < LanczosTaps::kCount; ++i) {
      const int* sums = rows.get(down.at[i], values, across);
      const int64_t weight = down.weight[i];
      for (size_t j = 0; j < values; ++j) total[j] += weight * sums[j];
    }
    uint8_t* to = dst.row(y);
    for (size_t j = 0; j < values; ++j) {
      to[j] = static_cast<uint8_t>(std::clamp<int64_t>(total[j] >> 22, 0, 255));
    }
  }
}

void average_area(const ImagePart& src, Size out, const Rectangle& region, Image& dst) {
  std::vector<Support<float>> columns;
  for (int64_t x = 0; x < region.width; ++x) {
    columns.push_back(area_of(src.whole.width, out.width, region.x + x));
  }
  const auto across = [&](int64_t row, float* sums) {
    const uint8_t* pixels = src.pixels.row(row - src.y);
    for (const Support<float>& column : columns) {
      const uint8_t* pixel = pixels + 3 * (column.first - src.x);
      float sum[3] = {};
      for (const float weight : column.weights) {
        for (int c = 0; c < 3; ++c) sum[c] += static_cast<float>(*pixel++) * weight;
      }
      for (const float value : sum) *sums++ = value;
    }
  };
  RowSums<float> rows;
  const auto values = static_cast<size_t>(3 * region.width);
  std::vector<float> total(values);
  for (int64_t y = 0; y < region.height; ++y) {
    const Support<float> down = area_of(src.whole.height, out.height, region.y + y);
    std::ranges::fill(total, 0.0F);
    int64_t row = down.first;
    for (const float weight : down.weights) {
      const float* sums = rows.get(row++, values, across);
      for (size_t i = 0; i < values; ++i) total[i] += sums[i] * weight;
    }
    uint8_t* to = dst.row(y);
    for (size_t i = 0; i < values; ++i) {
      to[i] = static_cast<uint8_t>(std::clamp(std::lrint(total[i]), 0L, 255L));
    }
  }
}

void average_whole(const ImagePart& src, Size out, const Rectangle& region, Image& dst) {
  const int64_t across = src.whole.width / out.width, down = src.whole.height / out.height;
  const float share = 1.0F / static_cast<float>(across * down);
  for (int64_t y = 0; y < region.height; ++y) {
    uint8_t* to = dst.row(y);
    for (int64_t i = 0; i < 3 * region.width; ++i) {
      const int64_t left = 3 * ((region.x + i / 3) * across - src.x) + i % 3;
      int sum = 0;
      for (int64_t row = 0; row < down; ++row) {
        const uint8_t* pixels = src.pixels.row((region.y + y) * down + row - src.y) + left;
        for (int64_t column = 0; column < across; ++column) sum += pixels[3 * column];
      }
      const bool half = across == 2 && down == 2;
      to[i] =
          static_cast<uint8_t>(half ? (sum + 2) >> 2 : std::lrint(static_cast<float>(sum) * share));
    }
  }
}

}  // namespace

Interpolation interpolation_for(Interpolation asked, Size whole, Size out) {
  if (asked != Interpolation::kAuto) return asked;
  if (out.width > whole.width && out.height > whole.height) return Interpolation::kCubic;
  const bool shrinks = out.width < whole.width && out.height < whole.height;
  return shrinks ? Interpolation::kArea : Interpolation::kLinear;
}

Rectangle interpolated_part(Interpolation interpolation, Size whole, Size out,
                            const Rectangle& region) {
  const Method method = method_of(interpolation, whole, out);
  Rectangle part;
  needed_range(method, whole.width, out.width, region.x, region.width, part.x, part.width);
  needed_range(method, whole.height, out.height, region.y, region.height, part.y, part.height);
  return part;
}

void interpolate(Interpolation interpolation, const ImagePart& src, Size out,
                 const Rectangle& region, Image& dst) {
  dst.resize(region.width, region.height);
  const Method method = method_of(interpolation, src.whole, out);
  switch (method) {
    case Method::kNearest:
      return take_nearest(src, out, region, dst);
    case Method::kLinear:
    case Method::kGrowingArea:
      return mix_linear(method, src, out, region, dst);
    case Method::kLanczos:
      return mix_lanczos(src, out, region, dst);
    case Method::kArea:
      return average_area(src, out, region, dst);
    case Method::kWholeArea:
      return average_whole(src, out, region, dst);
  }
}

}  // namespace orthrus
