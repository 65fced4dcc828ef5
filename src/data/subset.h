// A part of other pictures.
#pragma once

#include <cstdint>

#include "data/pictures.h"

namespace orthrus {

// A share of the pictures, at least one, chosen by `seed` alone and in their order. `fraction` is
// in (0, 1].
[[nodiscard]] SharedPictures take_fraction(SharedPictures pictures, double fraction, uint64_t seed);

}  // namespace orthrus
