// The whole pictures are compared with MXNet's in tests/golden/pixels_test.cc; here it is parts.
#include "data/interpolate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/resizer.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

Image interpolated_source(int width, int height) {
  Image image;
  image.resize(width, height);
  std::ranges::copy(sample_pixels(width, height, 3, 4), image.row(0));
  return image;
}

struct InterpolationCase {
  Interpolation interpolation;
  Size from, to;
};

class InterpolatePart : public ::testing::TestWithParam<InterpolationCase> {};

INSTANTIATE_TEST_SUITE_P(
    Methods, InterpolatePart,
    ::testing::Values(InterpolationCase{Interpolation::kNearest, {90, 61}, {70, 48}},
                      InterpolationCase{Interpolation::kLinear, {90, 61}, {70, 48}},
                      InterpolationCase{Interpolation::kLinear, {31, 20}, {70, 48}},
                      InterpolationCase{Interpolation::kLinear, {140, 96}, {70, 48}},
                      InterpolationCase{Interpolation::kArea, {190, 161}, {70, 48}},
                      InterpolationCase{Interpolation::kArea, {210, 144}, {70, 48}},
                      InterpolationCase{Interpolation::kArea, {31, 161}, {70, 48}},
                      InterpolationCase{Interpolation::kAuto, {31, 20}, {70, 48}},
                      InterpolationCase{Interpolation::kLanczos, {90, 61}, {70, 48}},
                      InterpolationCase{Interpolation::kLanczos, {3, 2}, {70, 48}},
                      InterpolationCase{Interpolation::kLanczos, {31, 20}, {70, 48}},
                      InterpolationCase{Interpolation::kCubic, {90, 61}, {70, 48}}));

TEST_P(InterpolatePart, EqualsThatPartOfTheWholeAndNeedsAPartOnly) {
  const auto& [interpolation, from, to] = GetParam();
  const Image src =
      interpolated_source(static_cast<int>(from.width), static_cast<int>(from.height));
  const ImagePart all{.pixels = src.view(), .whole = from};
  Resizer resizer;
  Image whole, part;
  resizer.resize(interpolation, all, to, {0, 0, to.width, to.height}, whole);
  for (const Rectangle& region :
       {Rectangle{0, 0, 1, 1}, {69, 47, 1, 1}, {11, 5, 32, 40}, {3, 9, 67, 2}, {0, 0, 70, 48}}) {
    const Rectangle needed = Resizer::needed_part(interpolation, from, to, region);
    const ImagePart there{
        .pixels = src.view().part(needed), .whole = from, .x = needed.x, .y = needed.y};
    resizer.resize(interpolation, there, to, region, part);
    for (int64_t y = 0; y < region.height; ++y) {
      ASSERT_TRUE(std::equal(part.row(y), part.row(y) + 3 * region.width,
                             whole.row(region.y + y) + 3 * region.x))
          << "row " << y << " at " << region.x << "," << region.y;
    }
  }
}

TEST(InterpolationFor, AutoLooksAtBothSides) {
  const auto chosen = [](Size whole, Size out) {
    return interpolation_for(Interpolation::kAuto, whole, out);
  };
  EXPECT_EQ(chosen({10, 10}, {20, 20}), Interpolation::kCubic);
  EXPECT_EQ(chosen({10, 10}, {5, 5}), Interpolation::kArea);
  EXPECT_EQ(chosen({10, 10}, {20, 5}), Interpolation::kLinear);
  EXPECT_EQ(chosen({10, 10}, {10, 5}), Interpolation::kLinear);
  EXPECT_EQ(interpolation_for(Interpolation::kNearest, {10, 10}, {20, 20}),
            Interpolation::kNearest);
}

}  // namespace
}  // namespace orthrus
