// Random erasing (Zhong et al. 2017, arXiv:1708.04896): a rectangle of a picture is filled with
// noise, after the picture was normalised.
#pragma once

#include <span>

#include "base/random.h"
#include "data/image.h"

namespace orthrus {

// `pixels` (C,H,W) of the size. Draws whether at all (`probability`), then up to ten rectangles
// until one fits: an area of 2 to 33 % of the picture, a ratio of its sides of 0.3 to 3.3, evenly
// in its logarithm, as torchvision's RandomErasing; then its place, and a normal value for each
// pixel and channel.
void erase_rectangle(double probability, Size size, RandomStream& random, std::span<float> pixels);

}  // namespace orthrus
