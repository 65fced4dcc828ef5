#include "data/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "base/error.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

RandomStream stream(uint64_t index) {
  return {7, StreamPurpose::kAugment, 2, index};
}

TEST(Geometry, TheShorterEdgeIsHitAndTheLongerRoundedDown) {
  EXPECT_EQ(resize_short({500, 375}, 224), (Size{298, 224}));
  EXPECT_EQ(resize_short({375, 500}, 224), (Size{224, 298}));
  EXPECT_EQ(resize_short({100, 100}, 32), (Size{32, 32}));
  EXPECT_EQ(resize_short({3, 65500}, 256), (Size{256, 5589333}));
}

TEST(Geometry, ACropThatDoesNotFitIsScaledDown) {
  EXPECT_EQ(scale_down({640, 480}, {224, 224}), (Size{224, 224}));
  EXPECT_EQ(scale_down({360, 1000}, {480, 500}), (Size{360, 375}));  // MXNet's documented examples
  EXPECT_EQ(scale_down({640, 480}, {720, 120}), (Size{640, 106}));
  EXPECT_EQ(scale_down({10, 7}, {20, 20}), (Size{7, 7}));
}

TEST(Geometry, TheCentreCropRoundsDown) {
  Preprocessing p{.height = 32, .width = 32, .resize = 0};
  RandomStream random = stream(0);
  const Placement placement = place({43, 40}, p, {}, random);
  EXPECT_EQ(placement.crop.x, 5);
  EXPECT_EQ(placement.crop.y, 4);
  EXPECT_FALSE(placement.mirrored);
}

TEST(Geometry, RandomChoicesFollowTheDocumentedStream) {
  const Preprocessing p{.height = 30, .width = 20, .resize = 40};
  const Augmentation augmentation{.crop = CropRule::kRandom, .random_mirror = true};
  bool some_mirrored = false, some_not = false;
  for (uint64_t index = 0; index < 200; ++index) {
    RandomStream random = stream(index), expected = stream(index);
    const Placement placement = place({80, 60}, p, augmentation, random);  // resized to 53x40
    EXPECT_EQ(placement.resized, (Size{53, 40}));
    EXPECT_EQ(placement.crop.x, expected.below(53 - 20 + 1));
    EXPECT_EQ(placement.crop.y, expected.below(40 - 30 + 1));
    EXPECT_EQ(placement.mirrored, expected.uniform() < 0.5);
    EXPECT_EQ(random.next_u32(), expected.next_u32()) << "as many draws as documented";
    (placement.mirrored ? some_mirrored : some_not) = true;
  }
  EXPECT_TRUE(some_mirrored && some_not);
}

TEST(Geometry, WhatIsSwitchedOffDrawsNothing) {
  RandomStream random = stream(1), untouched = stream(1);
  (void)place({80, 60}, {.resize = 40}, {}, random);
  EXPECT_EQ(random.next_u32(), untouched.next_u32());
}

TEST(Geometry, ANeedleIsRefused) {
  RandomStream random = stream(0);
  EXPECT_THROW((void)place({1, 5000}, {.height = 4, .width = 224, .resize = 0}, {}, random), Error);
}

// 8x6 pixels, cropped to 4x3, without resizing.
std::vector<float> augmented(const Image& image, const Preprocessing& p) {
  std::vector<float> out(static_cast<size_t>(3 * p.height * p.width));
  AugmentBuffers buffers;
  RandomStream random = stream(0);
  Augmenter(p).apply(image.view(), random, buffers, out);
  return out;
}

TEST(Geometry, CropsOfRandomSizeAreMXNets) {
  const Augmentation augmentation{.crop = CropRule::kRandomResized, .least_area = 0.25};
  const Preprocessing p{.height = 32, .width = 32, .resize = 32};
  double area = 0, log_ratio = 0;
  constexpr int kTimes = 4000;
  for (uint64_t index = 0; index < kTimes; ++index) {
    RandomStream random = stream(index);
    const Placement placement = place({300, 300}, p, augmentation, random);
    EXPECT_EQ(placement.resized, (Size{300, 300})) << "out of the whole picture";
    EXPECT_EQ(placement.input, (Size{32, 32}));
    const Rectangle& crop = placement.crop;
    ASSERT_TRUE(crop.x >= 0 && crop.y >= 0 && crop.x + crop.width <= 300 &&
                crop.y + crop.height <= 300);
    const auto width = static_cast<double>(crop.width), height = static_cast<double>(crop.height);
    ASSERT_NEAR(std::log(width / height), 0, std::log(4.0 / 3) + 0.02);
    ASSERT_GE(width * height / 90000, 0.24);
    area += width * height / 90000 / kTimes;
    log_ratio += std::log(width / height) / kTimes;
  }
  // Crops of the area a fit when their ratio lies between a and 1 / a.
  EXPECT_NEAR(area, 0.5637, 0.01);
  EXPECT_NEAR(log_ratio, 0, 0.01);
}

TEST(Geometry, InterpolationsAreDrawnEvenly) {
  const Preprocessing p{.height = 32, .width = 32, .resize = 32};
  std::map<Interpolation, int> counts;
  constexpr int kTimes = 2000;
  for (uint64_t index = 0; index < kTimes; ++index) {
    RandomStream random = stream(index);
    const Placement placement = place({300, 200}, p, {.random_interpolation = true}, random);
    ++counts[placement.interpolation];
    RandomStream again = stream(index);
    EXPECT_EQ(place({300, 200}, p, {.random_interpolation = true}, again).interpolation,
              placement.interpolation);
    RandomStream plain = stream(index);
    EXPECT_EQ(place({300, 200}, p, {}, plain).interpolation, Interpolation::kCubic);
  }
  EXPECT_EQ(counts.size(), 5U);
  EXPECT_FALSE(counts.contains(Interpolation::kAuto));
  for (const auto& [interpolation, count] : counts) EXPECT_NEAR(count, kTimes / 5, 80);
}

TEST(Geometry, ACropThatNeverFitsIsTheCentre) {
  RandomStream random = stream(0);
  const Preprocessing p{.height = 32, .width = 32, .resize = 32};
  const Augmentation augmentation{.crop = CropRule::kRandomResized, .least_area = 0.9};
  const Placement placement = place({3000, 100}, p, augmentation, random);
  EXPECT_EQ(placement.resized, (Size{960, 32}));
  EXPECT_EQ(placement.crop, (Rectangle{464, 0, 32, 32}));
}

TEST(Geometry, LargeCropsAreDecodedSmallerUnderTheModernRule) {
  Placement placement{.picture = {1000, 800},
                      .resized = {1000, 800},
                      .crop = {200, 100, 500, 400},
                      .input = {100, 100}};
  EXPECT_EQ(wanted_part(placement, PixelRule::kMxnet).part, placement.crop);
  const WantedPart wanted = wanted_part(placement, PixelRule::kModern);
  EXPECT_EQ(wanted.denominator, 4);
  EXPECT_EQ(wanted.part, (Rectangle{50, 25, 125, 100}));
  EXPECT_EQ(crop_of(placement, {250, 200}), wanted.part);
}

TEST(Geometry, OnlyWhatTheCropNeedsIsDecoded) {
  RandomStream random = stream(0);
  const Preprocessing p{.height = 32, .width = 32, .resize = 0};
  const WantedPart cut = wanted_part(place({100, 80}, p, {}, random), PixelRule::kMxnet);
  EXPECT_EQ(cut.part, (Rectangle{34, 24, 32, 32}));
  EXPECT_EQ(cut.denominator, 1);
  const Placement resized =
      place({400, 200}, {.height = 50, .width = 50, .resize = 50}, {}, random);
  const WantedPart exact = wanted_part(resized, PixelRule::kMxnet);
  EXPECT_EQ(exact.denominator, 1);
  EXPECT_EQ(exact.part.height, 200);
  EXPECT_LE(exact.part.width, 204);
  const WantedPart scaled = wanted_part(resized, PixelRule::kModern);
  EXPECT_EQ(scaled.denominator, 4) << "200 / 4 rows are still 50";
  EXPECT_EQ(scaled.part.height, 50);
}

TEST(Augmenter, NormalisesToPlanesInFloat32) {
  Image image;
  image.resize(8, 6);
  std::ranges::copy(sample_pixels(8, 6, 3), image.row(0));
  const Preprocessing p{.height = 3, .width = 4, .resize = 0};
  const std::vector<float> out = augmented(image, p);
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < 3; ++y) {
      for (int64_t x = 0; x < 4; ++x) {
        const float centred =
            static_cast<float>(image.row(y + 1)[3 * (x + 2) + c]) - p.mean[static_cast<size_t>(c)];
        EXPECT_EQ(out[static_cast<size_t>((c * 3 + y) * 4 + x)],
                  centred / p.std[static_cast<size_t>(c)]);
      }
    }
  }
}

TEST(Augmenter, MirroringReversesRows) {
  Image image;
  image.resize(8, 6);
  std::ranges::copy(sample_pixels(8, 6, 3), image.row(0));
  const Preprocessing p{.height = 3, .width = 4, .resize = 0};
  const std::vector<float> plain = augmented(image, p);
  AugmentBuffers buffers;
  std::vector<float> mirrored(plain.size());
  uint64_t index = 0;
  while (stream(index).uniform() >= 0.5) ++index;
  RandomStream random = stream(index);
  Augmenter(p, {.random_mirror = true}).apply(image.view(), random, buffers, mirrored);
  for (size_t row = 0; row < 9; ++row) {
    for (size_t x = 0; x < 4; ++x) EXPECT_EQ(mirrored[4 * row + x], plain[4 * row + 3 - x]);
  }
}

TEST(Augmenter, ASmallPictureIsCroppedToItsShapeAndEnlarged) {
  Image image;
  image.resize(10, 7);
  std::ranges::copy(sample_pixels(10, 7, 3), image.row(0));
  const std::vector<float> out = augmented(
      image, {.height = 20, .width = 20, .resize = 0, .mean = {0, 0, 0}, .std = {1, 1, 1}});
  Image crop, enlarged;
  crop.resize(7, 7);
  for (int64_t y = 0; y < 7; ++y) std::copy_n(image.row(y) + 3, 21, crop.row(y));
  CubicResizer().resize(crop.view(), {20, 20}, {0, 0, 20, 20}, enlarged);
  for (size_t i = 0; i < 400; ++i) EXPECT_EQ(out[i], static_cast<float>(enlarged.row(0)[3 * i]));
}

TEST(Augmenter, ChangesColoursBeforeItNormalises) {
  Image image;
  image.resize(8, 6);
  std::ranges::copy(sample_pixels(8, 6, 3), image.row(0));
  const Preprocessing p{.height = 6, .width = 8, .resize = 0};
  const Augmentation augmentation{.brightness = 0.4, .contrast = 0.4, .saturation = 0.4};
  RandomStream random = stream(3), expected = stream(3);
  std::vector<float> out(3 * 48);
  AugmentBuffers buffers;
  Augmenter(p, augmentation).apply(image.view(), random, buffers, out);
  const ColourMap map = draw_colours(augmentation, mean_colour(image.view()), expected);
  for (size_t i = 0; i < 48; ++i) {
    const uint8_t* pixel = image.row(0) + 3 * i;
    const Rgb colour = map.of({static_cast<double>(pixel[0]), static_cast<double>(pixel[1]),
                               static_cast<double>(pixel[2])});
    for (size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(out[48 * c + i], (colour[c] - p.mean[c]) / p.std[c], 1e-4);
    }
  }
}

TEST(Augmenter, RefusesWhatCannotBeDone) {
  EXPECT_THROW(Augmenter({.channels = 1}), Error);
  EXPECT_THROW(Augmenter({.height = 0}), Error);
  EXPECT_THROW(Augmenter({.resize = -1}), Error);
  EXPECT_THROW(Augmenter({.std = {1, 0, 1}}), Error);
}

}  // namespace
}  // namespace orthrus
