// The two pixel rules, held against what Pillow makes of the files in pictures/ (made by make.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/decode.h"
#include "data/orientation.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

const std::filesystem::path kRulePictures = ORTHRUS_TEST_DIR "/data/pictures";

struct Decoded {
  ImageInfo info;
  Image image;
};

Decoded decode_bytes(const std::vector<std::byte>& bytes, PixelRule rule) {
  Decoded result;
  result.info = decode_image(bytes, {}, result.image, rule);
  return result;
}

Decoded decode_file(const std::string& name, PixelRule rule) {
  return decode_bytes(read_file(kRulePictures / name), rule);
}

std::string hex_of(const Image& image) {
  std::string hex;
  for (size_t i = 0; i < image.size_bytes(); ++i) hex += fmt::format("{:02x}", image.row(0)[i]);
  return hex;
}

std::string refusal_of_bytes(const std::vector<std::byte>& bytes) {
  try {
    (void)decode_bytes(bytes, PixelRule::kModern);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.message();
  }
  return "accepted";
}

TEST(PixelRules, GiveWhatPillowGives) {
  std::ifstream lines(kRulePictures / "expected.txt");
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream fields(line);
    std::string name, rule, hex;
    int64_t width = 0, height = 0;
    fields >> name >> rule >> width >> height >> hex;
    const Decoded got =
        decode_file(name, rule == "modern" ? PixelRule::kModern : PixelRule::kMxnet);
    EXPECT_EQ(got.image.width(), width) << line;
    EXPECT_EQ(got.image.height(), height) << line;
    EXPECT_EQ(hex_of(got.image), hex) << name << ", " << rule;
  }
  EXPECT_EQ(count, 29);
}

TEST(PixelRules, SayWhatAFileHolds) {
  const ImageInfo deep = decode_file("deep_rgba.png", PixelRule::kMxnet).info;
  EXPECT_EQ(deep.channels, 4);
  EXPECT_EQ(deep.bits, 16);
  EXPECT_EQ(decode_file("alpha.webp", PixelRule::kMxnet).info.channels, 4);
  EXPECT_EQ(decode_file("lossless.webp", PixelRule::kModern).info.orientation, 6);
  EXPECT_EQ(decode_file("exif8.png", PixelRule::kModern).info.orientation, 8);
  EXPECT_EQ(decode_file("exif8.png", PixelRule::kMxnet).info.orientation, 1) << "not looked for";
  EXPECT_EQ(decode_file("cmyk_adobe.jpg", PixelRule::kModern).info.channels, 4);
}

TEST(PixelRules, InksAreInvertedWhereTheFileSaysSo) {
  const std::string marked = hex_of(decode_file("cmyk_adobe.jpg", PixelRule::kMxnet).image);
  EXPECT_EQ(hex_of(decode_file("cmyk_adobe.jpg", PixelRule::kModern).image), marked);
  EXPECT_EQ(hex_of(decode_file("cmyk_plain.jpg", PixelRule::kMxnet).image), marked);
  const Decoded plain = decode_file("cmyk_plain.jpg", PixelRule::kModern);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 16; ++x) {
      // The marker was cut off, so what make.py wrote as ink counts as paper.
      const int k = 5 * (x + y);
      const int inks[] = {15 * x, 30 * y, 200 - 12 * x};
      for (size_t c = 0; c < 3; ++c) {
        EXPECT_NEAR(plain.image.row(y)[3 * x + static_cast<int>(c)], k - ((255 - inks[c]) * k >> 8),
                    4);
      }
    }
  }
}

// A JPEG with an EXIF block of this orientation, in the given byte order.
std::vector<std::byte> jpeg_with_exif(int orientation, bool big_endian) {
  std::string exif = "Exif\0\0"s.append(
      big_endian ? "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0"s
                 : "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0"s);
  exif[6 + 18 + (big_endian ? 1 : 0)] = static_cast<char>(orientation);
  const std::string segment = "\xFF\xE1\0"s + static_cast<char>(exif.size() + 2) + exif;
  std::vector<std::byte> bytes = make_jpeg(40, 24);
  const std::span<const std::byte> extra = std::as_bytes(std::span(segment));
  bytes.insert(bytes.begin() + 2, extra.begin(), extra.end());
  return bytes;
}

TEST(PixelRules, JpegsAreTurnedToo) {
  for (const bool big_endian : {false, true}) {
    for (const int orientation : {1, 3, 6, 8}) {
      Image turned = decode_bytes(make_jpeg(40, 24), PixelRule::kModern).image;
      apply_orientation(orientation, turned);
      const Decoded got = decode_bytes(jpeg_with_exif(orientation, big_endian), PixelRule::kModern);
      EXPECT_EQ(got.info.orientation, orientation);
      EXPECT_EQ(hex_of(got.image), hex_of(turned));
      EXPECT_EQ(got.image.width(), orientation > 4 ? 24 : 40);
      EXPECT_EQ(
          hex_of(decode_bytes(jpeg_with_exif(orientation, big_endian), PixelRule::kMxnet).image),
          hex_of(decode_bytes(make_jpeg(40, 24), PixelRule::kMxnet).image));
    }
    EXPECT_EQ(decode_bytes(jpeg_with_exif(9, big_endian), PixelRule::kModern).info.orientation, 1);
  }
}

TEST(PixelRules, DamagedExifSaysNothing) {
  const std::vector<std::byte> whole = jpeg_with_exif(6, true);
  const std::span<const std::byte> exif = exif_of_jpeg(whole);
  ASSERT_EQ(exif_orientation(exif), 6);
  for (size_t length = 0; length < 18; ++length) EXPECT_EQ(exif_orientation(exif.first(length)), 1);
  EXPECT_TRUE(exif_of_jpeg(std::span(whole).first(20)).empty());
}

TEST(PixelRules, DamagedWebpIsRefused) {
  EXPECT_THAT(refusal_of_bytes(read_file(kRulePictures / "animated.webp")),
              HasSubstr("an animated WebP"));
  for (const char* name : {"lossy.webp", "lossless.webp", "alpha.webp"}) {
    const std::vector<std::byte> whole = read_file(kRulePictures / name);
    const size_t half = whole.size() / 2;
    EXPECT_THAT(refusal_of_bytes({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(half)}),
                HasSubstr("WebP"));
    EXPECT_THAT(refusal_of_bytes({whole.begin(), whole.begin() + 14}), HasSubstr("truncated WebP"));
  }
  Image image;
  EXPECT_THROW(
      decode_image(read_file(kRulePictures / "lossy.webp"), {.max_pixels = 24 * 17 - 1}, image),
      Error);
}

}  // namespace
}  // namespace orthrus
