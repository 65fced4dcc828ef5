// Resizer: resizing by any of the interpolations, for one thread: cubic (data/resize.h) or another
// (data/interpolate.h).
#pragma once

#include "data/interpolate.h"
#include "data/resize.h"

namespace orthrus {

class Resizer {
 public:
  // As CubicResizer::resize().
  void resize(Interpolation interpolation, const ImagePart& src, Size out, const Rectangle& region,
              Image& dst) {
    interpolation = interpolation_for(interpolation, src.whole, out);
    if (interpolation == Interpolation::kCubic) {
      cubic_.resize(src, out, region, dst);
    } else {
      interpolate(interpolation, src, out, region, dst);
    }
  }
  // What the region's pixels are computed from.
  [[nodiscard]] static Rectangle needed_part(Interpolation interpolation, Size whole, Size out,
                                             const Rectangle& region) {
    interpolation = interpolation_for(interpolation, whole, out);
    if (interpolation == Interpolation::kCubic) {
      return CubicResizer::needed_part(whole, out, region);
    }
    return interpolated_part(interpolation, whole, out, region);
  }

 private:
  CubicResizer cubic_;
};

}  // namespace orthrus
