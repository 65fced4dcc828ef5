// Augmentation: what is changed at random about the pictures of a training. A plain value, kept
// apart from Preprocessing, which a model stores; data/augment.h is what carries both out, in the
// order in which the fields stand here.
#pragma once

namespace orthrus {

enum class CropRule {
  kCentre,
  kRandom,         // anywhere in the resized picture, as large as the network's input
  kRandomResized,  // of random area and shape, out of the whole picture, resized to the input
};

// Operations on bytes, drawn anew for each picture (data/policy.h).
enum class AugmentPolicy { kNone, kTrivial, kRand };

struct Augmentation {
  CropRule crop = CropRule::kCentre;
  double least_area = 0.08;  // of a kRandomResized crop, as a share of the picture's; at most all
  bool random_mirror = false;
  bool random_interpolation = false;  // one of all but kAuto for each picture (inter_method 10)

  AugmentPolicy policy = AugmentPolicy::kNone;
  int rand_operations = 2;  // of kRand
  int rand_magnitude = 9;   // of kRand, 0 to 30

  // MXNet's colour augmenters (data/colour.h); 0: off.
  double brightness = 0;
  double contrast = 0;
  double saturation = 0;
  double hue = 0;
  double pca_noise = 0;
  double random_gray = 0;  // probability

  double erase = 0;  // probability that a rectangle is filled with noise (data/erase.h)

  // Mixing of the pictures of a batch (data/mixing.h): parameter of the beta distribution; 0: off.
  double mixup = 0;
  double cutmix = 0;

  [[nodiscard]] bool mixes() const { return mixup > 0 || cutmix > 0; }
  bool operator==(const Augmentation&) const = default;
};

}  // namespace orthrus
