// Resizing of RGB bytes by OpenCV's other interpolations, bit for bit as MXNet's image.imresize
// does it (cv::resize as the wheels of MXNet 1.9.1 compute it; modules/imgproc/src/resize.cpp).
// Like CubicResizer (data/resize.h), any rectangle of the result can be computed alone, from a part
// of the source.
//   nearest  the pixel at floor(d * scale), with scale = in / out
//   linear   two neighbours in each direction, weights rounded to 1/2048, sums in integers; an
//            exact half of both sides is taken for area
//   lanczos  eight neighbours in each direction, weights and sums as for linear (INTER_LANCZOS4)
//   area     the mean over the area of an output pixel, in float32; where a side grows, linear
#pragma once

#include "data/image.h"
#include "data/preprocessing.h"

namespace orthrus {

// What kAuto becomes (MXNet's inter_method 9): cubic where both sides grow, area where both shrink,
// else linear.
[[nodiscard]] Interpolation interpolation_for(Interpolation asked, Size whole, Size out);

// Not for kCubic and kAuto.
void interpolate(Interpolation interpolation, const ImagePart& src, Size out,
                 const Rectangle& region, Image& dst);
[[nodiscard]] Rectangle interpolated_part(Interpolation interpolation, Size whole, Size out,
                                          const Rectangle& region);

}  // namespace orthrus
