// From a decoded picture to the network's input, as MXNet's image.CreateAugmenter composes it:
// resize the shorter edge, crop (random or centre), mirror, subtract the mean, divide by the
// standard deviation. All random choices of a picture come from one stream, drawn in this order:
//   random_crop:    x0 = below(W - w + 1), then y0 = below(H - h + 1)
//   random_mirror:  mirrored when uniform() < 0.5
// (W,H: the resized picture, w,h: the crop; a choice that is switched off draws nothing).
// Sources: python/mxnet/image/image.py of MXNet 1.9.1 (resize_short, scale_down, random_crop,
// center_crop, fixed_crop, color_normalize).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/random.h"
#include "data/augmentation.h"
#include "data/decode.h"
#include "data/image.h"
#include "data/preprocessing.h"
#include "data/resize.h"

namespace orthrus {

// The picture's size when its shorter edge becomes `edge`; the longer one is rounded down.
[[nodiscard]] Size resize_short(Size picture, int64_t edge);

// The largest size with the (truncated) aspect of `wanted` that fits into `picture`, at most
// `wanted`.
[[nodiscard]] Size scale_down(Size picture, Size wanted);

// Where the network's input lies in one picture.
struct Placement {
  Size picture;
  Size resized;    // of the whole picture
  Rectangle crop;  // of the resized picture
  bool mirrored = false;
};

// Throws kInput when nothing of the picture is left to crop (a needle of 1x5000 pixels).
[[nodiscard]] Placement place(Size picture, const Preprocessing& preprocessing,
                              const Augmentation& augmentation, RandomStream& random);

// What has to be decoded for it. Under PixelRule::kModern pictures at least twice as large as they
// are wanted are decoded smaller.
[[nodiscard]] WantedPart wanted_part(const Placement& placement, PixelRule rule);

// Buffers of one thread.
struct AugmentBuffers {
  CubicResizer resizer;
  Image crop;
  Image scaled;
};

class Augmenter {
 public:
  // Throws kUsage for a preprocessing that cannot be done.
  explicit Augmenter(const Preprocessing& preprocessing, const Augmentation& augmentation = {});

  [[nodiscard]] Placement place(Size picture, RandomStream& random) const {
    return orthrus::place(picture, preprocessing_, augmentation_, random);
  }
  [[nodiscard]] WantedPart wanted(const Placement& placement) const {
    return wanted_part(placement, preprocessing_.pixels);
  }
  // The pixels there, in the size of the network's input; they live in `picture` or the buffers.
  [[nodiscard]] ImageView crop(const ImagePart& picture, const Placement& placement,
                               AugmentBuffers& buffers) const;
  // dst: (C,H,W) float32.
  void normalise(const ImageView& crop, bool mirrored, std::span<float> dst) const;

  // All of it, for a picture that is decoded already.
  void apply(const ImageView& picture, RandomStream& random, AugmentBuffers& buffers,
             std::span<float> dst) const;

 private:
  Preprocessing preprocessing_;
  Augmentation augmentation_;
  // (value - mean) / std of each byte value, in float32 as MXNet computes it, per channel.
  std::array<std::array<float, 256>, 3> normalised_;
};

}  // namespace orthrus
