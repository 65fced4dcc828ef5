#include "data/colour.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "data/sample_pictures.h"

namespace orthrus {
namespace {

constexpr int kPictures = 20000;

RandomStream colour_stream(int index) {
  return {5, StreamPurpose::kAugment, 0, static_cast<uint64_t>(index)};
}

struct Moments {
  double mean = 0;
  double deviation = 0;
  double least = 1e300;
  double most = -1e300;
};

template <typename Value>
Moments moments(const Value& value) {
  Moments result;
  double sum = 0, squares = 0;
  for (int i = 0; i < kPictures; ++i) {
    const double x = value(i);
    sum += x;
    squares += x * x;
    result.least = std::min(result.least, x);
    result.most = std::max(result.most, x);
  }
  result.mean = sum / kPictures;
  result.deviation = std::sqrt(squares / kPictures - result.mean * result.mean);
  return result;
}

ColourMap drawn(const Augmentation& augmentation, int index, const Rgb& mean = {100, 110, 120}) {
  RandomStream random = colour_stream(index);
  return draw_colours(augmentation, mean, random);
}

// A factor of 1 + U(-0.4, 0.4) has the deviation 0.4 / sqrt(3).
TEST(Colour, BrightnessIsScaledEvenly) {
  const Moments m = moments([](int i) {
    return drawn({.brightness = 0.4}, i).of({1, 2, 3})[2] / 3;
  });
  EXPECT_NEAR(m.mean, 1, 0.01);
  EXPECT_NEAR(m.deviation, 0.4 / std::numbers::sqrt3, 0.005);
  EXPECT_GE(m.least, 0.6);
  EXPECT_LE(m.most, 1.4);
}

TEST(Colour, ContrastKeepsTheMeanGrey) {
  const Rgb mean = {100, 110, 120};
  const double grey = 0.299 * 100 + 0.587 * 110 + 0.114 * 120;
  for (int i = 0; i < 100; ++i) {
    const ColourMap map = drawn({.contrast = 0.5}, i, mean);
    const Rgb middle = map.of({grey, grey, grey});
    for (const double value : middle) EXPECT_NEAR(value, grey, 1e-9);
    EXPECT_EQ(map.matrix[0][1], 0);
  }
  const Moments m = moments([](int i) { return drawn({.contrast = 0.5}, i).matrix[1][1]; });
  EXPECT_NEAR(m.deviation, 0.5 / std::numbers::sqrt3, 0.005);
}

TEST(Colour, SaturationKeepsGreysAndEachColoursGrey) {
  for (int i = 0; i < 100; ++i) {
    const ColourMap map = drawn({.saturation = 0.5}, i);
    for (const double value : map.of({50, 50, 50})) EXPECT_NEAR(value, 50, 1e-9);
    const Rgb red = map.of({200, 0, 0});
    EXPECT_NEAR(0.299 * red[0] + 0.587 * red[1] + 0.114 * red[2], 0.299 * 200, 1e-9);
  }
}

// The matrices to YIQ and back are rounded, in MXNet too, so grey is not kept exactly.
TEST(Colour, HueTurnsColoursAboutTheGreys) {
  for (int i = 0; i < 100; ++i) {
    const ColourMap map = drawn({.hue = 0.5}, i);
    for (const double value : map.of({100, 100, 100})) EXPECT_NEAR(value, 100, 0.5);
  }
  const Moments m = moments([](int i) {
    const Rgb red = drawn({.hue = 0.1}, i).of({200, 0, 0});
    const double in_phase = 0.596 * red[0] - 0.274 * red[1] - 0.321 * red[2];
    const double quadrature = 0.211 * red[0] - 0.523 * red[1] + 0.311 * red[2];
    return std::atan2(quadrature, in_phase) - std::atan2(0.211, 0.596);
  });
  EXPECT_NEAR(m.mean, 0, 0.01);
  EXPECT_NEAR(m.deviation, 0.1 * std::numbers::pi / std::numbers::sqrt3, 0.01);
}

// Of the first component alone, which is the largest by far: 55.46 * 0.1 * its vector.
TEST(Colour, PrincipalNoiseIsNormalAndTheSameForAllPixels) {
  const ColourMap map = drawn({.pca_noise = 0.1}, 3);
  const Rgb dark = map.of({0, 0, 0}), light = map.of({200, 100, 50});
  EXPECT_NEAR(light[0] - dark[0], 200, 1e-9);
  const Moments m = moments([](int i) { return drawn({.pca_noise = 0.1}, i).offset[0]; });
  const double expected =
      0.1 * std::sqrt(std::pow(0.5675 * 55.46, 2) + std::pow(0.7192 * 4.794, 2) +
                      std::pow(0.4009 * 1.148, 2));
  EXPECT_NEAR(m.mean, 0, 0.1);
  EXPECT_NEAR(m.deviation, expected, 0.1);
}

TEST(Colour, SomePicturesBecomeGrey) {
  const Moments m = moments([](int i) {
    const Rgb colour = drawn({.random_gray = 0.2}, i).of({10, 20, 30});
    return colour[0] == colour[1] && colour[1] == colour[2] ? 1.0 : 0.0;
  });
  EXPECT_NEAR(m.mean, 0.2, 0.01);
}

// What MXNet does one after the other to a picture of two pixels, with the same numbers drawn.
TEST(Colour, OneMapIsAllStepsInTurn) {
  const Augmentation augmentation{.brightness = 0.3, .contrast = 0.4, .saturation = 0.5};
  for (int index = 0; index < 50; ++index) {
    std::vector<Rgb> pixels = {{10, 200, 30}, {90, 40, 250}};
    const ColourMap map = drawn(augmentation, index, {50, 120, 140});
    const std::vector<Rgb> got = {map.of(pixels[0]), map.of(pixels[1])};
    RandomStream random = colour_stream(index);
    std::vector<std::pair<char, double>> steps = {{'b', 0.3}, {'c', 0.4}, {'s', 0.5}};
    for (size_t i = 2; i >= 1; --i) {
      std::swap(steps[i], steps[random.below(static_cast<uint32_t>(i) + 1)]);
    }
    const auto grey = [](const Rgb& p) { return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]; };
    for (const auto& [step, most] : steps) {
      const double factor = 1 + random.uniform(-most, most);
      const double mean = (grey(pixels[0]) + grey(pixels[1])) / 2;
      for (Rgb& pixel : pixels) {
        const double own = grey(pixel);
        for (double& value : pixel) {
          value *= factor;
          if (step == 'c') value += (1 - factor) * mean;
          if (step == 's') value += (1 - factor) * own;
        }
      }
    }
    for (size_t i = 0; i < 2; ++i) {
      for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(got[i][c], pixels[i][c], 1e-9);
    }
  }
}

TEST(Colour, WhatIsOffDrawsNothing) {
  RandomStream random = colour_stream(0), untouched = colour_stream(0);
  const ColourMap map = draw_colours({}, {1, 2, 3}, random);
  EXPECT_EQ(map.of({1, 2, 3}), (Rgb{1, 2, 3}));
  EXPECT_EQ(random.next_u32(), untouched.next_u32());
}

TEST(Colour, MeanOfAPicture) {
  const std::vector<uint8_t> pixels = {10, 20, 30, 20, 40, 60, 30, 60, 90, 40, 80, 120};
  const ImageView view{pixels.data(), 2, 2, 6};
  EXPECT_EQ(mean_colour(view), (Rgb{25, 50, 75}));
}

}  // namespace
}  // namespace orthrus
