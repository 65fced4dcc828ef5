// Random changes of colour, as MXNet's image.CreateAugmenter makes them: brightness, contrast and
// saturation in random order, then hue, noise along the colours' principal components (Krizhevsky
// et al., "ImageNet classification with deep convolutional neural networks", 2012, section 4.1),
// and now and then grey. All of them are linear in the colours, but for contrast, which needs the
// picture's mean; so one matrix and one offset say what they do together. Values are not clipped to
// 0..255. Source: python/mxnet/image/image.py of MXNet 1.9.1.
#pragma once

#include <array>

#include "base/random.h"
#include "data/augmentation.h"
#include "data/image.h"

namespace orthrus {

using Rgb = std::array<double, 3>;

// colour -> matrix colour + offset.
struct ColourMap {
  std::array<Rgb, 3> matrix = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  Rgb offset = {};

  [[nodiscard]] Rgb of(const Rgb& colour) const;
};

[[nodiscard]] bool changes_colours(const Augmentation& augmentation);

// Draws, where switched on: the order of the first three (Fisher and Yates from the last place
// down), a factor of each in this order, hue, three normal values, grey.
[[nodiscard]] ColourMap draw_colours(const Augmentation& augmentation, const Rgb& mean,
                                     RandomStream& random);

[[nodiscard]] Rgb mean_colour(const ImageView& picture);

}  // namespace orthrus
