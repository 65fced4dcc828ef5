// Bicubic resizing of RGB bytes, bit for bit as MXNet's image.imresize(interp=2) does it (OpenCV's
// cv::resize with INTER_CUBIC as the wheels of MXNet 1.9.1 compute it). Any rectangle of the result
// can be computed alone: its pixels are those of the whole, and need only a part of the source.
//
// With scale = in / out, an output pixel d lies at s = (d + 0.5) * scale - 0.5; its four taps are
// the pixels floor(s)-1 .. floor(s)+2, clamped to the edge, weighted by the cubic with A = -0.75 of
// t = s - floor(s) (Keys, "Cubic convolution interpolation", 1981) in float32. Horizontally the
// weights are rounded to 1/2048 and summed in integers; vertically the sums are float32, added from
// the top row down, each product and sum rounded; the result is rounded half to even and clamped to
// 0..255. OpenCV's vectors take eight values of an output row at a time; the last 3 W mod 8 values
// of the whole row are summed in integers, and an exact half is rounded up.
#pragma once

#include <cstdint>
#include <vector>

#include "data/image.h"

namespace orthrus {

// Keeps the tables and row buffers of the last call, so that a thread that resizes many pictures
// allocates once.
class CubicResizer {
 public:
  // `dst` receives the part `region` of what the whole picture gives at the size `out`. `src` must
  // hold needed_part().
  void resize(const ImagePart& src, Size out, const Rectangle& region, Image& dst);
  // Of a picture that is all there.
  void resize(const ImageView& src, Size out, const Rectangle& region, Image& dst) {
    resize(ImagePart{.pixels = src, .whole = src.whole()}, out, region, dst);
  }
  // What the region's pixels are computed from.
  [[nodiscard]] static Rectangle needed_part(Size whole, Size out, const Rectangle& region);

 private:
  // Weights of one output coordinate and the source coordinates they apply to.
  struct Taps {
    int64_t at[4];
    int16_t weight[4];  // in 1/2048
  };
  static Taps taps_of(int64_t in, int64_t out, int64_t position);
  static void make_taps(int64_t in, int64_t out, int64_t first, int64_t count,
                        std::vector<Taps>& taps);
  void sum_row(const uint8_t* src, int32_t* sums) const;
  [[nodiscard]] const int32_t* row_sums(const ImageView& src, int64_t y);

  static constexpr int kRing = 4;
  std::vector<Taps> columns_;
  std::vector<Taps> rows_;
  std::vector<int32_t> ring_;     // horizontal sums of the kRing source rows last needed
  int64_t ring_stride_ = 0;       // in sums
  int64_t ring_row_[kRing] = {};  // which source row each holds, or -1
};

}  // namespace orthrus
