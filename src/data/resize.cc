// SSE2 is part of every x86-64, so one version serves all machines. Fused multiply-add would change
// the last bit of the vertical sums; intrinsics keep the compiler from forming it.
#include "data/resize.h"

#include <emmintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"

namespace orthrus {

namespace {

// OpenCV's interpolateCubic (modules/imgproc/src/resize.cpp): the order of operations matters.
void cubic_weights(float t, float (&weight)[4]) {
  constexpr float kA = -0.75F;
  weight[0] = ((kA * (t + 1) - 5 * kA) * (t + 1) + 8 * kA) * (t + 1) - 4 * kA;
  weight[1] = ((kA + 2) * t - (kA + 3)) * t * t + 1;
  weight[2] = ((kA + 2) * (1 - t) - (kA + 3)) * (1 - t) * (1 - t) + 1;
  weight[3] = 1.F - weight[0] - weight[1] - weight[2];
}

// Three bytes of a pixel and the one after it.
__m128i load_pixel(const uint8_t* pixel) {
  int32_t bytes;
  std::memcpy(&bytes, pixel, sizeof bytes);
  return _mm_cvtsi32_si128(bytes);
}

// Two weights as the pair of 16-bit factors that _mm_madd_epi16 wants, in every lane.
__m128i weight_pair(const int16_t* weights) {
  int32_t pair;
  std::memcpy(&pair, weights, sizeof pair);
  return _mm_set1_epi32(pair);
}

// (R,G,B,-) of weight[0] * left + weight[1] * right.
__m128i weigh_two(const uint8_t* left, const uint8_t* right, const int16_t* weights) {
  const __m128i interleaved = _mm_unpacklo_epi8(load_pixel(left), load_pixel(right));
  return _mm_madd_epi16(_mm_unpacklo_epi8(interleaved, _mm_setzero_si128()), weight_pair(weights));
}

// Four results of the vertical pass.
__m128i combine_rows(const int32_t* const (&rows)[4], const __m128 (&weights)[4], int64_t i) {
  const auto product = [&](int k) {
    const __m128i sums = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[k] + i));
    return _mm_mul_ps(_mm_cvtepi32_ps(sums), weights[k]);
  };
  __m128 total = product(0);
  for (int k = 1; k < 4; ++k) total = _mm_add_ps(total, product(k));
  return _mm_cvtps_epi32(total);  // half to even
}

// One value past the last whole vector of an output row, as OpenCV's FixedPtCast makes it.
uint8_t combine_rows_in_integers(const int32_t* const (&rows)[4], const int16_t (&weights)[4],
                                 int64_t i) {
  int32_t total = 1 << 21;
  for (int k = 0; k < 4; ++k) total += rows[k][i] * weights[k];
  return static_cast<uint8_t>(std::clamp(total >> 22, 0, 255));
}

}  // namespace

CubicResizer::Taps CubicResizer::taps_of(int64_t in, int64_t out, int64_t position) {
  // Twice inverted, as OpenCV does: the double is not always that of in / out.
  const double scale = 1.0 / (static_cast<double>(out) / static_cast<double>(in));
  const auto at = static_cast<float>((static_cast<double>(position) + 0.5) * scale - 0.5);
  const float base = std::floor(at);
  float weight[4];
  cubic_weights(at - base, weight);
  Taps taps;
  for (int k = 0; k < 4; ++k) {
    taps.at[k] = std::clamp<int64_t>(static_cast<int64_t>(base) - 1 + k, 0, in - 1);
    taps.weight[k] = static_cast<int16_t>(std::lrint(weight[k] * 2048));
  }
  return taps;
}

void CubicResizer::make_taps(int64_t in, int64_t out, int64_t first, int64_t count,
                             std::vector<Taps>& taps) {
  taps.clear();
  for (int64_t i = 0; i < count; ++i) taps.push_back(taps_of(in, out, first + i));
}

Rectangle CubicResizer::needed_part(Size whole, Size out, const Rectangle& region) {
  const int64_t left = taps_of(whole.width, out.width, region.x).at[0];
  const int64_t right = taps_of(whole.width, out.width, region.x + region.width - 1).at[3];
  const int64_t top = taps_of(whole.height, out.height, region.y).at[0];
  const int64_t bottom = taps_of(whole.height, out.height, region.y + region.height - 1).at[3];
  return {left, top, right - left + 1, bottom - top + 1};
}

void CubicResizer::sum_row(const uint8_t* src, int32_t* sums) const {
  for (const Taps& column : columns_) {
    const __m128i left = weigh_two(src + column.at[0], src + column.at[1], column.weight);
    const __m128i right = weigh_two(src + column.at[2], src + column.at[3], column.weight + 2);
    // Writes one sum too many; the next pixel overwrites it, and the last one's lies in the
    // padding.
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sums), _mm_add_epi32(left, right));
    sums += 3;
  }
}

const int32_t* CubicResizer::row_sums(const ImageView& src, int64_t y) {
  const int64_t slot = y % kRing;  // any four neighbours lie in different slots
  int32_t* sums = ring_.data() + slot * ring_stride_;
  if (ring_row_[slot] != y) {
    sum_row(src.row(y), sums);
    ring_row_[slot] = y;
  }
  return sums;
}

void CubicResizer::resize(const ImagePart& src, Size out, const Rectangle& region, Image& dst) {
  if (region.x < 0 || region.y < 0 || region.width < 1 || region.height < 1 ||
      region.x > out.width - region.width || region.y > out.height - region.height) {
    throw internal_error("a part of {}x{} at ({},{}) of a {}x{} image", region.width, region.height,
                         region.x, region.y, out.width, out.height);
  }
  const Rectangle needed = needed_part(src.whole, out, region);
  if (needed.x < src.x || needed.y < src.y || needed.x + needed.width > src.x + src.pixels.width ||
      needed.y + needed.height > src.y + src.pixels.height) {
    throw internal_error("{}x{} pixels at ({},{}) are needed, {}x{} at ({},{}) are there",
                         needed.width, needed.height, needed.x, needed.y, src.pixels.width,
                         src.pixels.height, src.x, src.y);
  }
  make_taps(src.whole.width, out.width, region.x, region.width, columns_);
  for (Taps& column : columns_) {
    for (int64_t& at : column.at) at = 3 * (at - src.x);  // from pixels to bytes
  }
  make_taps(src.whole.height, out.height, region.y, region.height, rows_);
  for (Taps& row : rows_) {
    for (int64_t& at : row.at) at -= src.y;
  }
  const int64_t row_values = 3 * region.width;
  ring_stride_ = row_values + 16;
  ring_.resize(static_cast<size_t>(kRing * ring_stride_));
  std::ranges::fill(ring_row_, -1);
  dst.resize(region.width, region.height);
  // In values of the region's row; what is right of it may lie outside.
  const int64_t whole_vectors = 3 * out.width / 8 * 8 - 3 * region.x;

  for (int64_t y = 0; y < region.height; ++y) {
    const Taps& tap = rows_[static_cast<size_t>(y)];
    const int32_t* rows[4];
    __m128 weights[4];
    for (int k = 0; k < 4; ++k) {
      rows[k] = row_sums(src.pixels, tap.at[k]);
      weights[k] = _mm_set1_ps(static_cast<float>(tap.weight[k]) * 0x1p-22F);
    }
    uint8_t* pixels = dst.row(y);
    // Whole groups of eight; those past the row's end land in the next row, written later, or in
    // the image's slack.
    for (int64_t i = 0; i < row_values; i += 8) {
      const __m128i words =
          _mm_packs_epi32(combine_rows(rows, weights, i), combine_rows(rows, weights, i + 4));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(pixels + i), _mm_packus_epi16(words, words));
    }
    for (int64_t i = std::max<int64_t>(whole_vectors, 0); i < row_values; ++i) {
      pixels[i] = combine_rows_in_integers(rows, tap.weight, i);
    }
  }
}

}  // namespace orthrus
