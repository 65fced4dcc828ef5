// Decoding of JPEG, PNG and WebP files to RGB bytes, under one of two rules (PixelRule). `mxnet`,
// as MXNet's image.imdecode: EXIF is ignored, alpha is dropped (not blended), of 16 bits the high
// byte is taken, CMYK becomes RGB by OpenCV's integer formula. `modern`: EXIF orientation is
// applied, alpha is laid on white, 16 bits are rounded to 8, and inks that the file does not say to
// be inverted are not taken for it. Grey is replicated under both. The pictures are foreign data:
// sizes are checked in the header, before anything is allocated, and nothing that a file holds
// makes the process fail otherwise than by Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "data/image.h"
#include "data/preprocessing.h"

namespace orthrus {

struct DecodeLimits {
  uint64_t max_file_bytes = uint64_t{1} << 30;  // held by who reads the file
  int64_t max_pixels = int64_t{1} << 28;        // width * height
  // Of a progressive JPEG: each scan costs a pass over the whole picture, so a small file with very
  // many would decode for hours (real encoders write about ten; libjpeg-turbo's own fuzzers stop at
  // 500).
  int max_scans = 500;
};

enum class ImageFormat { kJpeg, kPng, kWebp };

// What a file holds, as stored.
struct ImageInfo {
  ImageFormat format = ImageFormat::kJpeg;
  int64_t width = 0;
  int64_t height = 0;
  int channels = 0;     // 1 grey, 2 grey and alpha, 3 colours, 4 colours and alpha, or inks
  int bits = 8;         // of a channel
  int orientation = 1;  // of EXIF, 1 to 8; looked for under PixelRule::kModern only
};
[[nodiscard]] std::string_view format_name(ImageFormat format);

// Told by the first bytes, never by the file's name. Throws kInput for anything else, naming what
// it is when it is known (GIF, a web page, ...).
[[nodiscard]] ImageFormat detect_image_format(std::span<const std::byte> bytes);

// Decodes a whole file held in memory. Throws kInput (without the file's name: the caller knows it)
// for a format that is not read, too many pixels or scans, and damage. A JPEG whose pixels are
// incomplete is refused rather than filled with grey; bytes after its end, and a missing end marker
// after the last pixel, are accepted.
ImageInfo decode_image(std::span<const std::byte> bytes, const DecodeLimits& limits, Image& image,
                       PixelRule rule = PixelRule::kMxnet);

// What is wanted of a picture.
struct WantedPart {
  int denominator = 1;  // the picture's edges are divided by it, rounded up: 1, 2, 4 or 8
  Rectangle part;       // of the picture made smaller
};

// What a decoder made of it: `whole` is the size of the picture (as it is seen, made smaller), and
// the image holds the pixels from (x, y) on.
struct DecodedPart {
  ImageInfo info;
  Size whole;
  int64_t x = 0;
  int64_t y = 0;

  [[nodiscard]] ImagePart of(const Image& image) const { return {image.view(), whole, x, y}; }
};

// Decodes at least the part that `choose` answers when it is told the picture's size, once. The
// part's pixels are those of decode_image, unless a denominator is asked for: then the decoder of
// JPEG leaves out the higher frequencies of its cosine transform, which is faster than decoding all
// and resizing, and looks smoother. Other formats are decoded whole and in full size. Damage
// outside of the part is found as well.
DecodedPart decode_part(std::span<const std::byte> bytes, const DecodeLimits& limits,
                        const std::function<WantedPart(Size whole)>& choose, Image& image,
                        PixelRule rule = PixelRule::kMxnet);

// The decoders behind these; the format must have been told already.
DecodedPart decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits,
                        PixelRule rule, const std::function<WantedPart(Size whole)>& choose,
                        Image& image);
ImageInfo decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits, PixelRule rule,
                     Image& image);
ImageInfo decode_webp(std::span<const std::byte> bytes, const DecodeLimits& limits, PixelRule rule,
                      Image& image);

// Throws kInput when a header promises more pixels than allowed.
void check_pixel_limit(int64_t width, int64_t height, const DecodeLimits& limits);

// A colour laid on white with the given opacity (255: all of it), rounded.
[[nodiscard]] constexpr uint8_t on_white(unsigned colour, unsigned alpha) {
  return static_cast<uint8_t>((colour * alpha + 255 * (255 - alpha) + 127) / 255);
}

}  // namespace orthrus
