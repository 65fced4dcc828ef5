// Encoding of RGB pictures as PNG files.
#pragma once

#include <cstddef>
#include <vector>

#include "data/image.h"

namespace orthrus {

// Throws kResource when memory is short.
[[nodiscard]] std::vector<std::byte> encode_png(const Image& picture);

}  // namespace orthrus
