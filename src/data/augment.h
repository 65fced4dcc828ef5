// From a decoded picture to the network's input, as MXNet's image.CreateAugmenter composes it: the
// crop (data/placement.h), operations on its bytes (data/policy.h), mirror, changes of colour
// (data/colour.h), subtraction of the mean and division by the standard deviation, a rectangle
// erased (data/erase.h). All random choices of a picture come from one stream, drawn in this order;
// what is switched off draws nothing.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/random.h"
#include "data/augmentation.h"
#include "data/colour.h"
#include "data/image.h"
#include "data/placement.h"
#include "data/preprocessing.h"
#include "data/resizer.h"

namespace orthrus {

// Buffers of one thread.
struct AugmentBuffers {
  Resizer resizer;
  Image crop;
  Image scaled;
  Image changed;
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
  // The pixels there, in the size of the network's input, changed by the policy; they live in
  // `picture` or the buffers.
  [[nodiscard]] ImageView crop(const ImagePart& picture, const Placement& placement,
                               RandomStream& random, AugmentBuffers& buffers) const;
  // The same out of the resized picture.
  [[nodiscard]] ImageView crop_resized(const Image& resized, const Placement& placement,
                                       RandomStream& random, AugmentBuffers& buffers) const;
  // The whole picture, resized; lives in `picture` or the buffers.
  [[nodiscard]] const Image& resize(const DecodedPart& decoded, const Image& picture,
                                    const Placement& placement, AugmentBuffers& buffers) const;
  // What follows. dst: (C,H,W) float32.
  void finish(const ImageView& crop, bool mirrored, RandomStream& random,
              std::span<float> dst) const;

  // All of it, for a picture that is decoded already.
  void apply(const ImageView& picture, RandomStream& random, AugmentBuffers& buffers,
             std::span<float> dst) const;

 private:
  [[nodiscard]] ImageView change(ImageView view, const Placement& placement, RandomStream& random,
                                 AugmentBuffers& buffers) const;
  void normalise(const ImageView& crop, bool mirrored, std::span<float> dst) const;
  // The colours changed by `map`, in float32.
  void normalise_mapped(const ColourMap& map, const ImageView& crop, bool mirrored,
                        std::span<float> dst) const;

  Preprocessing preprocessing_;
  Augmentation augmentation_;
  // (value - mean) / std of each byte value, in float32 as MXNet computes it, per channel.
  std::array<std::array<float, 256>, 3> normalised_;
};

}  // namespace orthrus
