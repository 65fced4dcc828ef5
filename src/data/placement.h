// Where the network's input lies in a picture, as MXNet's image.CreateAugmenter chooses it: the
// shorter edge resized, then a crop at the centre or at random, or a crop of random area and shape
// out of the whole picture. Random choices are drawn in this order; one that is switched off draws
// nothing (W,H: the resized picture, w,h: the crop):
//   random_interpolation      below(5) into nearest, linear, cubic, area, lanczos
//   CropRule::kRandom         x0 = below(W - w + 1), then y0 = below(H - h + 1)
//   CropRule::kRandomResized  up to ten times area and ratio, then x0 and y0 as above
//   random_mirror             mirrored when uniform() < 0.5
// Sources: python/mxnet/image/image.py of MXNet 1.9.1 (resize_short, scale_down, random_crop,
// center_crop, random_size_crop, fixed_crop).
#pragma once

#include "base/random.h"
#include "data/augmentation.h"
#include "data/decode.h"
#include "data/preprocessing.h"

namespace orthrus {

// The picture's size when its shorter edge becomes `edge`; the longer one is rounded down.
[[nodiscard]] Size resize_short(Size picture, int64_t edge);

// The largest size with the (truncated) aspect of `wanted` that fits into `picture`, at most
// `wanted`.
[[nodiscard]] Size scale_down(Size picture, Size wanted);

struct Placement {
  Size picture;
  Size resized;    // of the whole picture
  Rectangle crop;  // of the resized picture; resized to `input` where it has another size
  Size input;      // of the network
  Interpolation interpolation = Interpolation::kCubic;
  bool mirrored = false;
};

// Throws kInput when nothing of the picture is left to crop (a needle of 1x5000 pixels).
[[nodiscard]] Placement place(Size picture, const Preprocessing& preprocessing,
                              const Augmentation& augmentation, RandomStream& random);

// The crop of a picture that is not resized first, when it was decoded in the size `whole`.
[[nodiscard]] Rectangle crop_of(const Placement& placement, Size whole);

// The same, for a crop of all that is resized: what a cache keeps.
[[nodiscard]] Placement whole_of(const Placement& placement);

// What has to be decoded for it. Under PixelRule::kModern pictures at least twice as large as they
// are wanted are decoded smaller.
[[nodiscard]] WantedPart wanted_part(const Placement& placement, PixelRule rule);

}  // namespace orthrus
