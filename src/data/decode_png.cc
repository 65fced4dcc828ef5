#include <spng.h>

#include <memory>
#include <new>

#include "base/error.h"
#include "data/decode.h"
#include "data/orientation.h"
#include "tensor/shape.h"

namespace orthrus {

namespace {

// Of text, colour profile and EXIF chunks; they are not used, but libspng inflates and keeps them.
constexpr size_t kMaxChunkBytes = size_t{64} << 20;

void check_png(int code, size_t file_bytes) {
  if (code == SPNG_OK) return;
  if (code == SPNG_EMEM) throw resource_error("out of memory while decoding a PNG");
  if (code == SPNG_ECHUNK_LIMITS) {
    throw input_error("the PNG's colour profile or its texts take more than {} bytes",
                      kMaxChunkBytes)
        .with_hint("save it without them, or leave it out of the list");
  }
  if (code == SPNG_EOVERFLOW) {
    throw input_error("damaged PNG: the header promises more pixels than can be addressed");
  }
  if (code == SPNG_IO_EOF || code == SPNG_EOF || code == SPNG_EIDAT_TOO_SHORT) {
    throw input_error("truncated PNG: the data end after {} bytes, before the last pixel",
                      file_bytes)
        .with_hint("copy or download it again");
  }
  throw input_error("damaged PNG: {}", spng_strerror(code)).with_hint("copy or download it again");
}

// Alpha or more than 8 bits, which the modern rule has its own way with.
bool needs_care(spng_ctx* context, const spng_ihdr& header, size_t file_bytes) {
  spng_trns transparency{};
  const int code = spng_get_trns(context, &transparency);  // reads all up to the pixels
  if (code != SPNG_ECHUNKAVAIL) check_png(code, file_bytes);
  return header.bit_depth == 16 || header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
         header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA || code == SPNG_OK;
}

void decode_on_white(spng_ctx* context, size_t file_bytes, Image& image) {
  constexpr size_t kPixelBytes = 4 * sizeof(uint16_t);
  const auto pixels = static_cast<size_t>(image.width() * image.height());
  const size_t samples = checked_multiply(pixels, 4);
  const std::unique_ptr<uint16_t[]> rgba(new (std::nothrow) uint16_t[samples]);
  if (!rgba) check_png(SPNG_EMEM, file_bytes);
  check_png(spng_decode_image(context, rgba.get(), pixels * kPixelBytes, SPNG_FMT_RGBA16,
                              SPNG_DECODE_TRNS),
            file_bytes);
  const auto to_8_bits = [](uint16_t value) { return (value + 128U) / 257U; };
  uint8_t* dst = image.row(0);
  for (size_t i = 0; i < samples; i += 4, dst += 3) {
    const unsigned alpha = to_8_bits(rgba[i + 3]);
    for (size_t c = 0; c < 3; ++c) dst[c] = on_white(to_8_bits(rgba[i + c]), alpha);
  }
}

int channels_of(const spng_ihdr& header) {
  switch (header.color_type) {
    case SPNG_COLOR_TYPE_GRAYSCALE:
      return 1;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
      return 2;
    case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA:
      return 4;
    default:
      return 3;
  }
}

int orientation_of(spng_ctx* context) {
  spng_exif exif{};
  if (spng_get_exif(context, &exif) != SPNG_OK) return 1;
  return exif_orientation({reinterpret_cast<const std::byte*>(exif.data), exif.length});
}

}  // namespace

ImageInfo decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits, PixelRule rule,
                     Image& image) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), spng_ctx_free);
  if (!context) check_png(SPNG_EMEM, bytes.size());
  check_png(spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxChunkBytes), bytes.size());
  check_png(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()), bytes.size());
  spng_ihdr header{};
  check_png(spng_get_ihdr(context.get(), &header), bytes.size());
  check_pixel_limit(header.width, header.height, limits);
  image.resize(header.width, header.height);
  ImageInfo info{.format = ImageFormat::kPng,
                 .width = header.width,
                 .height = header.height,
                 .channels = channels_of(header),
                 .bits = header.bit_depth};
  if (rule == PixelRule::kModern && needs_care(context.get(), header, bytes.size())) {
    decode_on_white(context.get(), bytes.size(), image);
  } else {
    // Without SPNG_DECODE_TRNS, transparency is left out; of 16 bits libspng keeps the high byte.
    check_png(spng_decode_image(context.get(), image.row(0), image.size_bytes(), SPNG_FMT_RGB8, 0),
              bytes.size());
  }
  if (rule == PixelRule::kModern) {
    info.orientation = orientation_of(context.get());
    apply_orientation(info.orientation, image);
  }
  return info;
}

}  // namespace orthrus
