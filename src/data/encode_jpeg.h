// Encoding of RGB pictures as baseline JPEG files.
#pragma once

#include <cstddef>
#include <vector>

#include "data/image.h"

namespace orthrus {

// `quality`: 1 to 100, libjpeg's scale. Throws kInput for a picture that JPEG cannot hold (a side
// over 65500 pixels), kResource when memory is short.
[[nodiscard]] std::vector<std::byte> encode_jpeg(const ImageView& picture, int quality);

}  // namespace orthrus
