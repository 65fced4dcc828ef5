#include "data/encode_png.h"

#include <spng.h>

#include <cstdlib>
#include <memory>

#include "base/error.h"

namespace orthrus {

std::vector<std::byte> encode_png(const Image& picture) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(SPNG_CTX_ENCODER),
                                                               spng_ctx_free);
  if (!context) throw resource_error("out of memory while encoding a PNG");
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{.width = static_cast<uint32_t>(picture.width()),
                   .height = static_cast<uint32_t>(picture.height()),
                   .bit_depth = 8,
                   .color_type = SPNG_COLOR_TYPE_TRUECOLOR,
                   .compression_method = 0,
                   .filter_method = 0,
                   .interlace_method = 0};
  int failure = spng_set_ihdr(context.get(), &header);
  if (failure == SPNG_OK) {
    failure = spng_encode_image(context.get(), picture.row(0), picture.size_bytes(), SPNG_FMT_PNG,
                                SPNG_ENCODE_FINALIZE);
  }
  size_t size = 0;
  const std::unique_ptr<void, void (*)(void*)> memory(
      failure == SPNG_OK ? spng_get_png_buffer(context.get(), &size, &failure) : nullptr,
      std::free);
  if (failure != SPNG_OK) {
    throw resource_error("a PNG of {}x{} cannot be made: {}", picture.width(), picture.height(),
                         spng_strerror(failure));
  }
  const auto* bytes = static_cast<const std::byte*>(memory.get());
  return {bytes, bytes + size};
}

}  // namespace orthrus
