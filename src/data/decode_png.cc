#include <spng.h>

#include <memory>

#include "base/error.h"
#include "data/decode.h"

namespace orthrus {

namespace {

// Of text, colour profile and EXIF chunks; they are not used, but libspng inflates and keeps them.
constexpr size_t kMaxChunkBytes = size_t{64} << 20;

void check(int code, size_t file_bytes) {
  if (code == SPNG_OK) return;
  if (code == SPNG_EMEM) throw resource_error("out of memory while decoding a PNG");
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

}  // namespace

void decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits, Image& image) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), spng_ctx_free);
  if (!context) check(SPNG_EMEM, bytes.size());
  check(spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxChunkBytes), bytes.size());
  check(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()), bytes.size());
  spng_ihdr header{};
  check(spng_get_ihdr(context.get(), &header), bytes.size());
  check_pixel_limit(header.width, header.height, limits);
  image.resize(header.width, header.height);
  // Without SPNG_DECODE_TRNS, transparency is left out; of 16 bits libspng keeps the high byte.
  check(spng_decode_image(context.get(), image.row(0), image.size_bytes(), SPNG_FMT_RGB8, 0),
        bytes.size());
}

}  // namespace orthrus
