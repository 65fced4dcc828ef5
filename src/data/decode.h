// Decoding of JPEG and PNG files to RGB bytes, the way MXNet's image.imdecode does it: EXIF is
// ignored, alpha is dropped (not blended), of 16 bits the high byte is taken, grey is replicated,
// CMYK becomes RGB by OpenCV's integer formula. The pictures are foreign data: sizes are checked in
// the header, before anything is allocated, and nothing that a file holds makes the process fail
// otherwise than by Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "data/image.h"

namespace orthrus {

struct DecodeLimits {
  int64_t max_pixels = int64_t{1} << 28;  // width * height
  // Of a progressive JPEG: each scan costs a pass over the whole picture, so a small file with very
  // many would decode for hours (real encoders write about ten; libjpeg-turbo's own fuzzers stop at
  // 500).
  int max_scans = 500;
};

enum class ImageFormat { kJpeg, kPng };

// Told by the first bytes, never by the file's name. Throws kInput for anything else, naming what
// it is when it is known (WebP, GIF, a web page, ...).
[[nodiscard]] ImageFormat detect_image_format(std::span<const std::byte> bytes);

// Decodes a whole file held in memory. Throws kInput (without the file's name: the caller knows it)
// for a format that is not read, too many pixels or scans, and damage. A JPEG whose pixels are
// incomplete is refused rather than filled with grey; bytes after its end, and a missing end marker
// after the last pixel, are accepted.
void decode_image(std::span<const std::byte> bytes, const DecodeLimits& limits, Image& image);

// The decoders behind decode_image; the format must have been told already.
void decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits, Image& image);
void decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits, Image& image);

// Throws kInput when a header promises more pixels than allowed.
void check_pixel_limit(int64_t width, int64_t height, const DecodeLimits& limits);

}  // namespace orthrus
