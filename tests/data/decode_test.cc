#include "data/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;

using Bytes = std::vector<std::byte>;

std::vector<uint8_t> pixels_of(const Image& image) {
  return {image.row(0), image.row(0) + image.size_bytes()};
}

std::vector<uint8_t> decoded(const Bytes& bytes) {
  Image image;
  decode_image(bytes, {}, image);
  return pixels_of(image);
}

std::string refusal(const Bytes& bytes, const DecodeLimits& limits = {}) {
  Image image;
  try {
    decode_image(bytes, limits, image);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.message();
  }
  return "accepted";
}

Bytes bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

Bytes first(const Bytes& bytes, size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(count)};
}

void expect_near(const std::vector<uint8_t>& got, const std::vector<uint8_t>& wanted,
                 int tolerance) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], wanted[i], tolerance) << "value " << i;
}

TEST(Decode, PngIsLossless) {
  EXPECT_EQ(decoded(make_png(37, 21)), sample_pixels(37, 21, 3));
}

TEST(Decode, GreyJpegIsReplicated) {
  const std::vector<uint8_t> rgb =
      decoded(make_jpeg(24, 16, {.colours = JCS_GRAYSCALE, .quality = 100}));
  ASSERT_EQ(rgb.size(), size_t{24 * 16 * 3});
  for (size_t i = 0; i < rgb.size(); i += 3) {
    ASSERT_EQ(rgb[i], rgb[i + 1]);
    ASSERT_EQ(rgb[i], rgb[i + 2]);
  }
}

TEST(Decode, CmykFollowsOpenCvsFormula) {
  const std::vector<uint8_t> inks = sample_pixels(16, 16, 4);
  std::vector<uint8_t> wanted;
  for (size_t i = 0; i < inks.size(); i += 4) {
    const int k = inks[i + 3];
    for (size_t c = 0; c < 3; ++c) {
      wanted.push_back(static_cast<uint8_t>(k - ((255 - inks[i + c]) * k >> 8)));
    }
  }
  expect_near(decoded(make_jpeg(16, 16, {.colours = JCS_CMYK, .quality = 100})), wanted, 12);
}

TEST(Decode, ProgressiveAndRestartsGiveTheSamePixels) {
  const std::vector<uint8_t> plain = decoded(make_jpeg(70, 50));
  EXPECT_EQ(decoded(make_jpeg(70, 50, {.progressive = true})), plain);
  EXPECT_EQ(decoded(make_jpeg(70, 50, {.restart_rows = 1})), plain);
}

TEST(Decode, ReusesALargerBuffer) {
  Image image;
  decode_image(make_jpeg(64, 64), {}, image);
  const uint8_t* buffer = image.row(0);
  decode_image(make_png(10, 20), {}, image);
  EXPECT_EQ(image.row(0), buffer);
  EXPECT_EQ(image.width(), 10);
  EXPECT_EQ(pixels_of(image), sample_pixels(10, 20, 3));
}

TEST(Decode, BytesAfterTheEndAreIgnored) {
  for (Bytes bytes :
       {make_jpeg(40, 30), make_jpeg(40, 30, {.progressive = true}), make_png(40, 30)}) {
    const std::vector<uint8_t> wanted = decoded(bytes);
    bytes.insert(bytes.end(), 1000, std::byte{0xA5});
    EXPECT_EQ(decoded(bytes), wanted);
  }
}

TEST(Decode, ATruncatedPictureIsRefusedWhereverItIsCut) {
  constexpr size_t kEndMarker = 2;
  const Bytes baseline = make_jpeg(40, 30);
  for (size_t size = 3; size < baseline.size() - kEndMarker; ++size) {
    ASSERT_THAT(refusal(first(baseline, size)), HasSubstr("truncated JPEG")) << size << " bytes";
  }
  const Bytes progressive = make_jpeg(40, 30, {.progressive = true});
  for (size_t size = 3; size < progressive.size() - kEndMarker; ++size) {
    ASSERT_THAT(refusal(first(progressive, size)), HasSubstr("truncated JPEG")) << size << " bytes";
  }
  const Bytes png = make_png(40, 30);
  constexpr size_t kEndChunk = 12;
  for (size_t size = 8; size + kEndChunk + 8 < png.size(); ++size) {
    ASSERT_THAT(refusal(first(png, size)), HasSubstr("PNG")) << size << " bytes";
  }
}

TEST(Decode, AMissingEndMarkerAfterTheLastPixelIsAccepted) {
  const Bytes bytes = make_jpeg(40, 30);
  EXPECT_EQ(decoded(first(bytes, bytes.size() - 2)), decoded(bytes));
}

TEST(Decode, DataMissingInTheMiddleAreRefused) {
  Bytes bytes = make_jpeg(64, 64, {.restart_rows = 1});
  // The second restart marker and the data before it go.
  const auto marker = [&](unsigned char code) {
    for (size_t i = 0; i + 1 < bytes.size(); ++i) {
      if (bytes[i] == std::byte{0xFF} && bytes[i + 1] == std::byte{code}) return i;
    }
    return bytes.size();
  };
  const size_t from = marker(0xD0) + 2, to = marker(0xD1);
  ASSERT_LT(to, bytes.size());
  bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(from),
              bytes.begin() + static_cast<ptrdiff_t>(to));
  EXPECT_THAT(refusal(bytes), HasSubstr("premature end of data segment"));
}

TEST(Decode, NamesWhatIsNotAPicture) {
  using namespace std::string_view_literals;
  EXPECT_THAT(refusal({}), HasSubstr("empty"));
  EXPECT_THAT(refusal(Bytes(100)), HasSubstr("zero bytes"));
  EXPECT_THAT(refusal(bytes_of("RIFF\x10\0\0\0WAVEfmt "sv)), HasSubstr("first bytes: 52 49"));
  EXPECT_THAT(refusal(bytes_of("GIF89a..."sv)), HasSubstr("a GIF image"));
  EXPECT_THAT(refusal(bytes_of("BM......"sv)), HasSubstr("a BMP image"));
  EXPECT_THAT(refusal(bytes_of("\0\0\0\x18"
                               "ftypheic"sv)),
              HasSubstr("a HEIC image"));
  EXPECT_THAT(refusal(bytes_of("\n <!DOCTYPE html><html>"sv)), HasSubstr("a web page"));
  EXPECT_THAT(refusal(bytes_of("version https://git-lfs.github.com/spec/v1"sv)),
              HasSubstr("Git LFS"));
  EXPECT_THAT(refusal(bytes_of("\x01\x02hello"sv)), HasSubstr("first bytes: 01 02 68 65"));
  EXPECT_THAT(refusal(bytes_of("\xFF\xD8"sv)), HasSubstr("neither JPEG, PNG nor WebP"));
}

uint32_t png_checksum(const Bytes& bytes) {  // CRC-32 as in the PNG specification, annex D
  uint32_t crc = 0xFFFFFFFF;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

void append_u32(Bytes& bytes, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::byte>(value >> shift));
}

Bytes png_with_size(uint32_t width, uint32_t height) {
  using namespace std::string_view_literals;
  Bytes chunk = bytes_of("IHDR");
  append_u32(chunk, width);
  append_u32(chunk, height);
  for (const int value : {8, 2, 0, 0, 0}) chunk.push_back(static_cast<std::byte>(value));
  Bytes png = bytes_of("\x89PNG\r\n\x1A\n\0\0\0\r"sv);
  png.insert(png.end(), chunk.begin(), chunk.end());
  append_u32(png, png_checksum(chunk));
  return png;
}

TEST(Decode, TheHeaderIsHeldAgainstThePixelLimit) {
  EXPECT_THAT(refusal(png_with_size(65535, 65535)),
              HasSubstr("65535x65535 = 4294836225 pixels, more than the limit of 268435456"));
  EXPECT_THAT(refusal(png_with_size(0x7FFFFFFF, 0x7FFFFFFF)), HasSubstr("more pixels than"));
  // Within the limit: refused because nothing follows, without 600 MB having been touched.
  EXPECT_THAT(refusal(png_with_size(16000, 16000)), HasSubstr("truncated PNG"));
  EXPECT_THAT(refusal(make_jpeg(40, 30), {.max_pixels = 1199}), HasSubstr("40x30 = 1200 pixels"));
  EXPECT_EQ(refusal(make_jpeg(40, 30), {.max_pixels = 1200}), "accepted");
}

// The size in the frame header of a JPEG.
Bytes with_size(Bytes jpeg, unsigned width, unsigned height) {
  for (size_t i = 0; i + 8 < jpeg.size(); ++i) {
    const auto code = std::to_integer<int>(jpeg[i + 1]);
    if (jpeg[i] != std::byte{0xFF} || (code != 0xC0 && code != 0xC2)) continue;
    jpeg[i + 5] = static_cast<std::byte>(height >> 8);
    jpeg[i + 6] = static_cast<std::byte>(height & 0xFF);
    jpeg[i + 7] = static_cast<std::byte>(width >> 8);
    jpeg[i + 8] = static_cast<std::byte>(width & 0xFF);
    break;
  }
  return jpeg;
}

TEST(Decode, AHeaderThatPromisesTooMuchCostsNothing) {
  EXPECT_THAT(refusal(with_size(make_jpeg(40, 30), 60000, 60000)),
              HasSubstr("60000x60000 = 3600000000 pixels, more than the limit"));
  // Within the limit: the data end before memory is touched for what was promised.
  EXPECT_THAT(refusal(with_size(make_jpeg(40, 30), 16000, 16000)), HasSubstr("JPEG"));
  EXPECT_THAT(refusal(with_size(make_jpeg(40, 30, {.progressive = true}), 16000, 16000)),
              HasSubstr("JPEG"));
}

// A PNG whose colour profile inflates from few bytes to 100 million.
Bytes profile_bomb() {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(SPNG_CTX_ENCODER),
                                                               spng_ctx_free);
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{};
  header.width = header.height = 4;
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  spng_set_ihdr(context.get(), &header);
  std::vector<char> zeros(100'000'000);
  spng_iccp profile{};
  std::strcpy(profile.profile_name, "bomb");
  profile.profile_len = zeros.size();
  profile.profile = zeros.data();
  spng_set_iccp(context.get(), &profile);
  const std::vector<uint8_t> pixels = sample_pixels(4, 4, 3);
  spng_encode_image(context.get(), pixels.data(), pixels.size(), SPNG_FMT_PNG,
                    SPNG_ENCODE_FINALIZE);
  size_t size = 0;
  int error = 0;
  const std::unique_ptr<void, void (*)(void*)> memory(
      spng_get_png_buffer(context.get(), &size, &error), std::free);
  const auto* begin = static_cast<const std::byte*>(memory.get());
  return {begin, begin + size};
}

TEST(Decode, AProfileBombIsRefused) {
  const Bytes bomb = profile_bomb();
  ASSERT_GT(bomb.size(), 10'000U);
  EXPECT_LT(bomb.size(), 1'000'000U);
  for (const PixelRule rule : {PixelRule::kMxnet, PixelRule::kModern}) {
    Image image;
    try {
      decode_image(bomb, {}, image, rule);
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("texts take more than 67108864 bytes"));
    }
  }
}

TEST(Decode, AScanBombIsRefused) {
  const Bytes bytes = make_jpeg(40, 30, {.progressive = true});
  std::vector<size_t> markers;  // but stuffed bytes and restarts
  size_t scans = 0, first_scan = 0;
  for (size_t i = 0; i + 1 < bytes.size(); ++i) {
    const auto code = std::to_integer<int>(bytes[i + 1]);
    if (bytes[i] != std::byte{0xFF} || code < 0xC0) continue;
    markers.push_back(i);
    if (code == 0xDA && ++scans == 1) first_scan = markers.size() - 1;
  }
  ASSERT_GT(scans, 3U);
  // The first scan (the DC coefficients) once more, and again: legal but for a warning.
  const auto begin = bytes.begin() + static_cast<ptrdiff_t>(markers[first_scan]);
  const auto end = bytes.begin() + static_cast<ptrdiff_t>(markers[first_scan + 1]);
  Bytes bomb(bytes.begin(), end);
  for (size_t total = scans; total < 501; ++total) bomb.insert(bomb.end(), begin, end);
  bomb.insert(bomb.end(), end, bytes.end());
  EXPECT_THAT(refusal(bomb), HasSubstr("more than 500 scans"));
  EXPECT_EQ(refusal(bomb, {.max_scans = 501}), "accepted");
}

TEST(Decode, FlippedBitsNeverCrash) {
  const std::vector<Bytes> originals = {make_jpeg(40, 30), make_jpeg(40, 30, {.progressive = true}),
                                        make_jpeg(24, 24, {.colours = JCS_CMYK, .restart_rows = 1}),
                                        make_png(40, 30)};
  const DecodeLimits limits{.max_pixels = 1 << 22, .max_scans = 50};
  Image image;
  int refused = 0, accepted = 0;
  for (size_t original = 0; original < originals.size(); ++original) {
    for (uint64_t seed = 0; seed < 400; ++seed) {
      Bytes bytes = originals[original];
      RandomStream random(seed, StreamPurpose::kSynthetic, original, 0);
      for (uint32_t flips = 1 + random.below(4); flips > 0; --flips) {
        bytes[random.below(static_cast<uint32_t>(bytes.size()))] ^=
            static_cast<std::byte>(1U << random.below(8));
      }
      try {
        decode_image(bytes, limits, image);
        ++accepted;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.message();
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace orthrus
