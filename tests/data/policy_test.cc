// Operations on bytes against what they mean, written down for single pixels, and how often and how
// strongly the policies choose them.
#include "data/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "base/file.h"
#include "data/augment.h"
#include "data/erase.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using enum PixelOperation;

constexpr int64_t kWidth = 21, kHeight = 15;

Image pattern() {
  Image image;
  image.resize(kWidth, kHeight);
  std::ranges::copy(sample_pixels(kWidth, kHeight, 3, 2), image.row(0));
  return image;
}

Image after(PixelOperation operation, double amount) {
  const Image src = pattern();
  Image dst;
  apply(operation, amount, src.view(), dst);
  return dst;
}

template <typename Expected>
void expect_pixels(const Image& image, const Expected& expected) {
  const Image src = pattern();
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = 0; x < kWidth; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        ASSERT_EQ(image.row(y)[3 * x + c], expected(src, x, y, c)) << x << "," << y << "," << c;
      }
    }
  }
}

int value_at(const Image& image, int64_t x, int64_t y, int64_t c) {
  const bool inside = x >= 0 && x < kWidth && y >= 0 && y < kHeight;
  return inside ? image.row(y)[3 * x + c] : 0;
}

TEST(PixelOperations, MoveWhatTheyShouldMove) {
  expect_pixels(after(kIdentity, 0), value_at);
  expect_pixels(after(kTranslateX, 3), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return value_at(src, x - 3, y, c);
  });
  expect_pixels(after(kTranslateY, -2), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return value_at(src, x, y + 2, c);
  });
  expect_pixels(after(kShearX, 2), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return value_at(src, x + 2 * y + 1, y, c);
  });
  expect_pixels(after(kShearY, -2), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return value_at(src, x, y - 2 * x - 1, c);
  });
  expect_pixels(after(kRotate, 180), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return value_at(src, kWidth - 1 - x, kHeight - 1 - y, c);
  });
}

// A quarter turn counter-clockwise about the middle, as torchvision's rotate(90).
TEST(PixelOperations, RotateCounterClockwise) {
  expect_pixels(after(kRotate, 90), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return value_at(src, (kWidth - 1) / 2 - (y - (kHeight - 1) / 2),
                    (kHeight - 1) / 2 + x - (kWidth - 1) / 2, c);
  });
}

int grey(const Image& src, int64_t x, int64_t y) {
  const uint8_t* p = src.row(y) + 3 * x;
  return static_cast<int>(0.2989F * static_cast<float>(p[0]) + 0.587F * static_cast<float>(p[1]) +
                          0.114F * static_cast<float>(p[2]));
}

int blended(double value, double other, double factor) {
  const float sum = static_cast<float>(factor) * static_cast<float>(value) +
                    static_cast<float>(1 - factor) * static_cast<float>(other);
  return static_cast<int>(std::clamp(sum, 0.0F, 255.0F));
}

TEST(PixelOperations, BlendWithBlackGreyAndMean) {
  expect_pixels(after(kBrightness, 0.5), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return blended(value_at(src, x, y, c), 0, 1.5);
  });
  expect_pixels(after(kColour, -0.7), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return blended(value_at(src, x, y, c), grey(src, x, y), 1 - 0.7);
  });
  double sum = 0;
  for (int64_t i = 0; i < kWidth * kHeight; ++i) sum += grey(pattern(), i % kWidth, i / kWidth);
  const double mean = sum / (kWidth * kHeight);
  expect_pixels(after(kContrast, 0.9), [&](const Image& src, int64_t x, int64_t y, int64_t c) {
    return blended(value_at(src, x, y, c), mean, 1.9);
  });
}

TEST(PixelOperations, SharpnessLeavesTheEdgesAlone) {
  expect_pixels(after(kSharpness, -0.5), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    double soft = value_at(src, x, y, c);
    if (x > 0 && y > 0 && x < kWidth - 1 && y < kHeight - 1) {
      int sum = 4 * value_at(src, x, y, c);
      for (int64_t i = 0; i < 9; ++i) sum += value_at(src, x - 1 + i % 3, y - 1 + i / 3, c);
      soft = std::nearbyint(sum / 13.0);
    }
    return blended(value_at(src, x, y, c), soft, 0.5);
  });
}

TEST(PixelOperations, LookValuesUp) {
  expect_pixels(after(kPosterise, 3), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    return value_at(src, x, y, c) & 0b11100000;
  });
  expect_pixels(after(kPosterise, 8), value_at);
  expect_pixels(after(kSolarise, 100), [](const Image& src, int64_t x, int64_t y, int64_t c) {
    const int value = value_at(src, x, y, c);
    return value >= 100 ? 255 - value : value;
  });
}

TEST(PixelOperations, StretchAndEqualiseEachChannel) {
  Image src, dst;
  src.resize(256, 2);
  for (int64_t i = 0; i < 512; ++i) {  // red from 50 to 177, green 7 alone, blue all values twice
    src.row(0)[3 * i] = static_cast<uint8_t>(50 + i % 256 / 2);
    src.row(0)[3 * i + 1] = 7;
    src.row(0)[3 * i + 2] = static_cast<uint8_t>(i % 256);
  }
  apply(kAutoContrast, 0, src.view(), dst);
  EXPECT_EQ(dst.row(0)[0], 0);
  EXPECT_EQ(dst.row(0)[3 * 255], 255);
  EXPECT_EQ(dst.row(0)[1], 7) << "a channel of one value stays";
  EXPECT_EQ(dst.row(0)[3 * 99 + 2], 99);
  apply(kEqualise, 0, src.view(), dst);
  EXPECT_EQ(dst.row(0)[1], 7);
  for (int64_t i = 1; i < 256; ++i) EXPECT_LE(std::abs(dst.row(0)[3 * i + 2] - i), 1) << i;
}

// tests/data/operations/make.py
TEST(PixelOperations, AreTorchvisions) {
  const std::vector<std::pair<PixelOperation, double>> operations = {
      {kIdentity, 0},     {kShearX, 0.3},      {kShearX, -0.77},   {kShearY, 0.45},
      {kTranslateX, 4},   {kTranslateY, -3},   {kRotate, 27},      {kRotate, -101},
      {kBrightness, 0.6}, {kBrightness, -0.4}, {kColour, 0.8},     {kColour, -0.9},
      {kContrast, 0.7},   {kContrast, -0.5},   {kSharpness, 0.9},  {kSharpness, -0.6},
      {kPosterise, 3},    {kSolarise, 90},     {kAutoContrast, 0}, {kEqualise, 0}};
  const std::vector<std::byte> all =
      read_file(std::filesystem::path(ORTHRUS_TEST_DIR) / "data/operations/torchvision.rgb");
  constexpr size_t kBytes = 3 * kWidth * kHeight;
  ASSERT_EQ(all.size(), kBytes * operations.size());
  Image src, dst;
  src.resize(kWidth, kHeight);
  std::memcpy(src.row(0), all.data(), kBytes);
  for (size_t i = 0; i < operations.size(); ++i) {
    apply(operations[i].first, operations[i].second, src.view(), dst);
    size_t different = 0;
    for (size_t at = 0; at < kBytes; ++at) {
      different += dst.row(0)[at] != std::to_integer<uint8_t>(all[i * kBytes + at]) ? 1 : 0;
    }
    EXPECT_EQ(different, 0U) << "of " << kBytes << " values, operation " << i << " by "
                             << operations[i].second;
  }
}

std::map<PixelOperation, std::vector<double>> drawn_of(const Augmentation& augmentation,
                                                       int count) {
  std::map<PixelOperation, std::vector<double>> all;
  for (int i = 0; i < count; ++i) {
    RandomStream random(1, StreamPurpose::kAugment, 0, static_cast<uint64_t>(i));
    for (const DrawnOperation& drawn : draw_operations(augmentation, {100, 50}, random)) {
      all[drawn.operation].push_back(drawn.amount);
    }
  }
  return all;
}

TEST(Policy, TrivialAugmentDrawsOneOperationOfAnyStrength) {
  const auto all = drawn_of({.policy = AugmentPolicy::kTrivial}, 28000);
  EXPECT_EQ(all.size(), 14U);
  for (const auto& [operation, amounts] : all) {
    EXPECT_NEAR(static_cast<double>(amounts.size()), 2000, 200);
  }
  const auto [least, most] = std::ranges::minmax(all.at(kRotate));
  EXPECT_EQ(least, -135);
  EXPECT_EQ(most, 135);
  const auto [fewest, bits] = std::ranges::minmax(all.at(kPosterise));
  EXPECT_EQ(fewest, 2);
  EXPECT_EQ(bits, 8);
  const auto [from, to] = std::ranges::minmax(all.at(kSolarise));
  EXPECT_EQ(from, 0);
  EXPECT_EQ(to, 255);
}

TEST(Policy, RandAugmentDrawsSomeOfOneStrength) {
  const auto all = drawn_of({.policy = AugmentPolicy::kRand, .rand_operations = 3}, 2800);
  size_t count = 0;
  for (const auto& [operation, amounts] : all) count += amounts.size();
  EXPECT_EQ(count, 3U * 2800);
  for (const double amount : all.at(kRotate)) EXPECT_NEAR(std::abs(amount), 9, 1e-9);
  for (const double amount : all.at(kTranslateX)) {
    EXPECT_NEAR(std::abs(amount), 0.3 * 150 / 331 * 100, 1e-9);
  }
  for (const double amount : all.at(kPosterise)) EXPECT_EQ(amount, 7);
}

TEST(Policy, IsPartOfTheAugmenter) {
  const Image image = pattern();
  const Preprocessing p{
      .height = kHeight, .width = kWidth, .resize = 0, .mean = {}, .std = {1, 1, 1}};
  const Augmentation augmentation{.policy = AugmentPolicy::kRand};
  AugmentBuffers buffers;
  std::vector<float> got(3 * kWidth * kHeight);
  for (uint64_t index = 0; index < 30; ++index) {
    RandomStream random(1, StreamPurpose::kAugment, 0, index), expected = random;
    Augmenter(p, augmentation).apply(image.view(), random, buffers, got);
    Image changed = pattern(), next;
    for (const DrawnOperation& drawn : draw_operations(augmentation, {kWidth, kHeight}, expected)) {
      apply(drawn.operation, drawn.amount, changed.view(), next);
      std::swap(changed, next);
    }
    for (size_t i = 0; i < got.size(); i += 7) {
      const size_t plane = kWidth * kHeight;
      ASSERT_EQ(got[i], changed.row(0)[3 * (i % plane) + i / plane]);
    }
  }
}

TEST(RandomErasing, FillsARectangleWithNoise) {
  constexpr int kTimes = 2000;
  const Size size{40, 30};
  int erased = 0;
  double area = 0, sum = 0, squares = 0, values = 0;
  for (int i = 0; i < kTimes; ++i) {
    std::vector<float> pixels(3 * 40 * 30, 1000);
    RandomStream random(1, StreamPurpose::kAugment, 0, static_cast<uint64_t>(i));
    erase_rectangle(0.25, size, random, pixels);
    const auto left = std::ranges::count(pixels, 1000.0F);
    if (left == std::ssize(pixels)) continue;
    ++erased;
    area += 1 - static_cast<double>(left) / static_cast<double>(pixels.size());
    for (const float pixel : pixels) {
      if (pixel == 1000) continue;
      sum += pixel;
      squares += pixel * pixel;
      ++values;
    }
  }
  EXPECT_NEAR(static_cast<double>(erased) / kTimes, 0.25, 0.03);
  EXPECT_NEAR(area / erased, (0.02 + 0.33) / 2, 0.02);
  EXPECT_NEAR(sum / values, 0, 0.01);
  EXPECT_NEAR(squares / values, 1, 0.01);
}

}  // namespace
}  // namespace orthrus
