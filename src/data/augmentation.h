// Augmentation: what is changed at random about the pictures of a training. A plain value, kept
// apart from Preprocessing, which a model stores; data/augment.h is what carries both out.
#pragma once

namespace orthrus {

struct Augmentation {
  bool random_crop = false;  // else the centre
  bool random_mirror = false;
};

}  // namespace orthrus
