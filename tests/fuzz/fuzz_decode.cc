// Any bytes given to the picture decoders: a picture or an Error, within memory and time.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "data/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Small enough that a legal picture cannot make one run slow.
  constexpr orthrus::DecodeLimits kLimits{.max_pixels = 1 << 20, .max_scans = 50};
  orthrus::Image image;
  try {
    orthrus::decode_image({reinterpret_cast<const std::byte*>(data), size}, kLimits, image);
  } catch (const orthrus::Error&) {
    return 0;
  }
  // Every pixel must have been written: the sanitizers see a read past the buffer, and the sum
  // keeps the loop.
  volatile unsigned sum = 0;
  for (size_t i = 0; i < image.size_bytes(); ++i) sum = sum + image.row(0)[i];
  return 0;
}
