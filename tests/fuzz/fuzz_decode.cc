// Any bytes given to the picture decoders: a picture or an Error, within memory and time. A part of
// the picture, decoded alone, has the same pixels; what is bad is bad in both.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "base/error.h"
#include "data/decode.h"

namespace {

// Small enough that a legal picture cannot make one run slow.
constexpr orthrus::DecodeLimits kLimits{.max_pixels = 1 << 20, .max_scans = 50};

bool decode_whole(std::span<const std::byte> bytes, orthrus::Image& image) {
  try {
    orthrus::decode_image(bytes, kLimits, image);
  } catch (const orthrus::Error&) {
    return false;
  }
  // Every pixel must have been written: the sanitizers see a read past the buffer, and the sum
  // keeps the loop.
  volatile unsigned sum = 0;
  for (size_t i = 0; i < image.size_bytes(); ++i) sum = sum + image.row(0)[i];
  return true;
}

orthrus::Rectangle middle_of(orthrus::Size whole) {
  return {whole.width / 3, whole.height / 3, std::max<int64_t>(1, whole.width / 3),
          std::max<int64_t>(1, whole.height / 3)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  orthrus::Image whole, part;
  if (!decode_whole(bytes, whole)) return 0;
  const auto choose = [](orthrus::Size size_of_whole) {
    return orthrus::WantedPart{.part = middle_of(size_of_whole)};
  };
  const orthrus::DecodedPart decoded = orthrus::decode_part(bytes, kLimits, choose, part);
  const orthrus::Rectangle middle = middle_of(decoded.whole);
  for (int64_t y = middle.y; y < middle.y + middle.height; ++y) {
    const uint8_t* got = part.row(y - decoded.y) + 3 * (middle.x - decoded.x);
    if (!std::equal(got, got + 3 * middle.width, whole.row(y) + 3 * middle.x)) std::abort();
  }
  return 0;
}
