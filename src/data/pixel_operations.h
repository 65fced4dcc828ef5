// Operations on the bytes of a picture that AutoAugment and its followers choose from. Arithmetic
// and the meaning of the amounts are torchvision's (transforms/_functional_tensor.py and
// autoaugment.py), for which they were made.
#pragma once

#include <cstdint>

#include "data/image.h"

namespace orthrus {

enum class PixelOperation {
  kIdentity,
  kShearX,        // amount: columns by which the next row is moved, from the upper edge on
  kShearY,        // rows by which the next column is moved
  kTranslateX,    // columns
  kTranslateY,    // rows
  kRotate,        // degrees counter-clockwise, about the middle
  kBrightness,    // these four: blended by 1 + amount with black,
  kColour,        // with the picture in grey,
  kContrast,      // with its mean grey,
  kSharpness,     // with the picture made soft
  kPosterise,     // bits that are kept
  kSolarise,      // values from there on are inverted
  kAutoContrast,  // each channel stretched to 0..255
  kEqualise,      // each channel's histogram made flat
};

// `dst` is another image than the one that `src` looks at. What comes in from outside is black.
void apply(PixelOperation operation, double amount, const ImageView& src, Image& dst);

}  // namespace orthrus
