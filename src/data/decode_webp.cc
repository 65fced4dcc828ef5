// WebP through libwebp's simple interface: still pictures, lossy or lossless.
#include <webp/decode.h>

#include <memory>
#include <new>

#include "base/error.h"
#include "data/decode.h"
#include "data/orientation.h"
#include "tensor/shape.h"

namespace orthrus {

namespace {

void check_webp(VP8StatusCode status, size_t file_bytes) {
  constexpr auto kHint = "copy or download it again, or leave it out of the list";
  switch (status) {
    case VP8_STATUS_OK:
      return;
    case VP8_STATUS_OUT_OF_MEMORY:
      throw resource_error("out of memory while decoding a WebP");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
      throw input_error("truncated WebP: the data end after {} bytes, before the last pixel",
                        file_bytes)
          .with_hint(kHint);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      throw input_error("this kind of WebP is not read");
    default:
      throw input_error("damaged WebP (libwebp's status {})", static_cast<int>(status))
          .with_hint(kHint);
  }
}

void decode_into(std::span<const std::byte> bytes, WEBP_CSP_MODE mode, uint8_t* pixels,
                 size_t size_bytes, int64_t stride_bytes) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) throw internal_error("libwebp is of another version");
  config.output.colorspace = mode;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {
      .rgba = pixels, .stride = static_cast<int>(stride_bytes), .size = size_bytes};
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  check_webp(WebPDecode(data, bytes.size(), &config), bytes.size());
}

}  // namespace

ImageInfo decode_webp(std::span<const std::byte> bytes, const DecodeLimits& limits, PixelRule rule,
                      Image& image) {
  WebPBitstreamFeatures features;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  check_webp(WebPGetFeatures(data, bytes.size(), &features), bytes.size());
  check_pixel_limit(features.width, features.height, limits);
  if (features.has_animation != 0) {
    throw input_error("an animated WebP, expected a still picture")
        .with_hint("take one of its pictures out, or leave it out of the list");
  }
  const int64_t width = features.width, height = features.height;
  const bool has_alpha = features.has_alpha != 0;
  ImageInfo info{.format = ImageFormat::kWebp,
                 .width = width,
                 .height = height,
                 .channels = has_alpha ? 4 : 3};
  image.resize(width, height);
  if (rule == PixelRule::kMxnet || !has_alpha) {
    decode_into(bytes, MODE_RGB, image.row(0), image.size_bytes(), image.stride_bytes());
  } else {
    const size_t size = checked_multiply(4, static_cast<size_t>(width * height));
    const std::unique_ptr<uint8_t[]> rgba(new (std::nothrow) uint8_t[size]);
    if (!rgba) check_webp(VP8_STATUS_OUT_OF_MEMORY, bytes.size());
    decode_into(bytes, MODE_RGBA, rgba.get(), size, 4 * width);
    uint8_t* dst = image.row(0);
    for (size_t i = 0; i < size; i += 4, dst += 3) {
      for (size_t c = 0; c < 3; ++c) dst[c] = on_white(rgba[i + c], rgba[i + 3]);
    }
  }
  if (rule == PixelRule::kModern) {
    info.orientation = exif_orientation(exif_of_webp(bytes));
    apply_orientation(info.orientation, image);
  }
  return info;
}

}  // namespace orthrus
