// EXIF orientation: how the picture lies in its file. Cameras store the sensor's rows and say in
// EXIF how to turn them. Reading EXIF never fails: what is damaged or strange says nothing.
#pragma once

#include <cstddef>
#include <span>

#include "data/image.h"

namespace orthrus {

// Of a block of EXIF data, which begins like a TIFF file ("II*\0" or "MM\0*"): the value of tag
// 0x0112 in the first directory, 1 to 8; 1 (as it lies) when there is none.
[[nodiscard]] int exif_orientation(std::span<const std::byte> exif);

// The block inside of a JPEG or WebP file; empty where there is none.
[[nodiscard]] std::span<const std::byte> exif_of_jpeg(std::span<const std::byte> file);
[[nodiscard]] std::span<const std::byte> exif_of_webp(std::span<const std::byte> file);

// Turns and mirrors the picture so that it is seen upright. 1: nothing; 2: mirrored left to right;
// 3: half a turn; 4: mirrored top to bottom; 5: transposed; 6: a quarter turn clockwise;
// 7: transposed across the other diagonal; 8: a quarter turn counter-clockwise.
void apply_orientation(int orientation, Image& image);

}  // namespace orthrus
