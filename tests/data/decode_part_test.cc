// Parts of JPEG files, decoded alone, against the same pixels of the whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "data/augment.h"
#include "data/decode.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;

std::span<const uint8_t> bytes_of(const Image& image) {
  return {image.row(0), image.size_bytes()};
}

// The part that is wanted, cut out of what the decoder answers.
struct Cut {
  DecodedPart decoded;
  Image image;

  [[nodiscard]] const uint8_t* row(int64_t x, int64_t y) const {
    return image.row(y - decoded.y) + 3 * (x - decoded.x);
  }
};

Cut cut(const std::vector<std::byte>& bytes, const WantedPart& wanted,
        PixelRule rule = PixelRule::kMxnet) {
  Cut result;
  result.decoded = decode_part(
      bytes, {}, [&](Size) { return wanted; }, result.image, rule);
  return result;
}

void expect_part(const Image& whole, const Cut& cut, const Rectangle& part) {
  for (int64_t y = part.y; y < part.y + part.height; ++y) {
    ASSERT_TRUE(std::equal(cut.row(part.x, y), cut.row(part.x, y) + 3 * part.width,
                           whole.row(y) + 3 * part.x))
        << "row " << y << " of " << part.width << "x" << part.height << " at " << part.x << ","
        << part.y;
  }
}

class DecodePartTest : public ::testing::TestWithParam<JpegOptions> {};

INSTANTIATE_TEST_SUITE_P(
    Kinds, DecodePartTest,
    ::testing::Values(JpegOptions{}, JpegOptions{.chroma_width = 1, .chroma_height = 1},
                      JpegOptions{.chroma_width = 2, .chroma_height = 1},
                      JpegOptions{.chroma_width = 1, .chroma_height = 2},
                      JpegOptions{.chroma_width = 4, .chroma_height = 1},
                      JpegOptions{.colours = JCS_GRAYSCALE}, JpegOptions{.colours = JCS_CMYK},
                      JpegOptions{.progressive = true}, JpegOptions{.restart_rows = 1}));

TEST_P(DecodePartTest, HasThePixelsOfTheWhole) {
  const std::vector<std::byte> bytes = make_jpeg(203, 141, GetParam());
  Image whole;
  decode_image(bytes, {}, whole);
  RandomStream random(1, StreamPurpose::kSynthetic, 0, 0);
  for (int i = 0; i < 200; ++i) {
    Rectangle part;
    part.x = random.below(203);
    part.y = random.below(141);
    part.width = 1 + random.below(static_cast<uint32_t>(203 - part.x));
    part.height = 1 + random.below(static_cast<uint32_t>(141 - part.y));
    const Cut result = cut(bytes, {.part = part});
    EXPECT_EQ(result.decoded.whole, (Size{203, 141}));
    expect_part(whole, result, part);
    if (HasFatalFailure()) return;
  }
}

TEST(DecodePart, LeavesOutWhatNobodyWants) {
  const Cut result = cut(make_jpeg(400, 300), {.part = {200, 100, 50, 60}});
  EXPECT_EQ(result.image.height(), 60);
  EXPECT_LE(result.image.width(), 50 + 4 * 16);
}

TEST(DecodePart, FindsDamageOutsideOfIt) {
  const std::vector<std::byte> bytes = make_jpeg(120, 90);
  for (size_t left_out = 3; left_out < bytes.size() / 2; left_out += 7) {
    const std::vector<std::byte> cut_short(bytes.begin(), bytes.end() - static_cast<int>(left_out));
    try {
      (void)cut(cut_short, {.part = {30, 0, 20, 16}});
      FAIL() << left_out << " bytes less are accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("truncated JPEG"));
    }
  }
}

// Whatever is made of a damaged file, it is made of its parts too.
TEST(DecodePart, OfADamagedFileIsAsTheWhole) {
  const std::vector<std::vector<std::byte>> originals = {
      make_jpeg(80, 60), make_jpeg(80, 60, {.restart_rows = 1}),
      make_jpeg(80, 60, {.chroma_width = 1, .chroma_height = 1})};
  const DecodeLimits limits{.max_pixels = 1 << 20};
  int accepted = 0, refused = 0;
  for (size_t original = 0; original < originals.size(); ++original) {
    for (uint64_t seed = 0; seed < 400; ++seed) {
      std::vector<std::byte> bytes = originals[original];
      RandomStream random(seed, StreamPurpose::kSynthetic, original, 0);
      bytes[random.below(static_cast<uint32_t>(bytes.size()))] ^=
          static_cast<std::byte>(1U << random.below(8));
      Image whole;
      Cut part;
      bool usable = true, part_usable = true;
      try {
        decode_image(bytes, limits, whole);
      } catch (const Error&) {
        usable = false;
      }
      const auto choose = [](Size size) {
        return WantedPart{.part = {size.width / 3, size.height / 3,
                                   std::max<int64_t>(1, size.width / 4),
                                   std::max<int64_t>(1, size.height / 4)}};
      };
      try {
        part.decoded = decode_part(bytes, limits, choose, part.image);
      } catch (const Error&) {
        part_usable = false;
      }
      ASSERT_EQ(usable, part_usable) << "picture " << original << ", seed " << seed;
      if (usable) expect_part(whole, part, choose(part.decoded.whole).part);
      ASSERT_FALSE(HasFatalFailure()) << "picture " << original << ", seed " << seed;
      ++(usable ? accepted : refused);
    }
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(refused, 50);
}

TEST(DecodePart, OtherFormatsAreDecodedWhole) {
  const Cut result = cut(make_png(30, 20), {.denominator = 2, .part = {5, 5, 4, 4}});
  EXPECT_EQ(result.decoded.whole, (Size{30, 20}));
  EXPECT_EQ(result.image.width(), 30);
}

TEST(DecodePart, ADenominatorMakesThePictureSmaller) {
  for (const int denominator : {2, 4, 8}) {
    const Cut result = cut(make_jpeg(203, 141), {.denominator = denominator, .part = {3, 2, 8, 9}});
    EXPECT_EQ(result.decoded.whole,
              (Size{(203 + denominator - 1) / denominator, (141 + denominator - 1) / denominator}));
  }
}

// Means over squares of the side `step`.
std::vector<double> averaged(const Image& image, int64_t step) {
  std::vector<double> means;
  for (int64_t y = 0; y + step <= image.height(); y += step) {
    for (int64_t x = 0; x + step <= image.width(); x += step) {
      for (int64_t c = 0; c < 3; ++c) {
        double sum = 0;
        for (int64_t i = 0; i < step * step; ++i) {
          sum += image.row(y + i / step)[3 * (x + i % step) + c];
        }
        means.push_back(sum / static_cast<double>(step * step));
      }
    }
  }
  return means;
}

struct Difference {
  double largest = 0;
  double mean = 0;
};

template <typename Reference>
Difference difference(const Image& image, const Reference& reference) {
  Difference result;
  for (size_t i = 0; i < image.size_bytes(); ++i) {
    const double value = std::abs(image.row(0)[i] - static_cast<double>(reference[i]));
    result.largest = std::max(result.largest, value);
    result.mean += value / static_cast<double>(image.size_bytes());
  }
  return result;
}

// docs/data.md states these figures, of a picture full of fine lines at a quarter of its size.
// Cubic interpolation skips pixels there; decoding smaller averages them.
TEST(DecodePart, ScaledDecodingDiffersByWhatTheDocumentationSays) {
  const std::vector<std::byte> bytes =
      read_file(std::filesystem::path(ORTHRUS_TEST_DIR) / "golden/mxnet/data/images/03_exif6.jpg");
  Image whole, exact, scaled;
  decode_image(bytes, {}, whole);
  ASSERT_EQ(whole.view().whole(), (Size{96, 40}));
  const Size small{24, 10};
  const Rectangle all{0, 0, small.width, small.height};
  CubicResizer resizer;
  resizer.resize(whole.view(), small, all, exact);
  const Placement placement{.picture = {96, 40}, .resized = small, .crop = all};
  const Cut result = cut(bytes, wanted_part(placement, PixelRule::kModern));
  EXPECT_EQ(result.decoded.whole, small);
  resizer.resize(result.decoded.of(result.image), small, all, scaled);
  const Difference between = difference(scaled, bytes_of(exact));
  EXPECT_EQ(between.largest, 65);
  EXPECT_NEAR(between.mean, 6.08, 0.01);
  const std::vector<double> means = averaged(whole, 4);
  EXPECT_LT(difference(scaled, means).mean, difference(exact, means).mean / 3);
}

}  // namespace
}  // namespace orthrus
