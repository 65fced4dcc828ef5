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
#include "data/image.h"
#include "data/preprocessing.h"
#include "data/resize.h"

namespace orthrus {

struct Size {
  int64_t width = 0;
  int64_t height = 0;
  bool operator==(const Size&) const = default;
};

// The picture's size when its shorter edge becomes `edge`; the longer one is rounded down.
[[nodiscard]] Size resize_short(Size picture, int64_t edge);

// The largest size with the (truncated) aspect of `wanted` that fits into `picture`, at most
// `wanted`.
[[nodiscard]] Size scale_down(Size picture, Size wanted);

// What is done to one picture.
struct Placement {
  Size resized;    // of the whole picture
  Rectangle crop;  // of the resized picture
  bool mirrored = false;
};

[[nodiscard]] Placement place(Size picture, const Preprocessing& preprocessing,
                              RandomStream& random);

// Buffers of one thread.
struct AugmentBuffers {
  CubicResizer resizer;
  Image crop;
  Image scaled;
};

class Augmenter {
 public:
  // Throws kUsage for a preprocessing that cannot be done.
  explicit Augmenter(const Preprocessing& preprocessing);

  // dst: (C,H,W) float32 of the preprocessing's size. Throws kInput when nothing of the picture is
  // left to crop (a needle of 1x5000 pixels).
  void apply(const ImageView& picture, RandomStream& random, AugmentBuffers& buffers,
             std::span<float> dst) const;

 private:
  void normalise(const ImageView& picture, bool mirrored, std::span<float> dst) const;

  Preprocessing preprocessing_;
  // (value - mean) / std of each byte value, in float32 as MXNet computes it, per channel.
  std::array<std::array<float, 256>, 3> normalised_;
};

}  // namespace orthrus
