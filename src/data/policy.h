// Policies: which operations a picture gets.
//   kTrivial: TrivialAugment (Mueller and Hutter 2021, arXiv:2103.10158), the wide space: one
//             operation, any amount.
//   kRand:    RandAugment (Cubuk et al. 2019, arXiv:1909.13719): some operations, each of the same
//             magnitude.
// Operations, their ranges and the 31 steps of a magnitude are those of torchvision's
// TrivialAugmentWide and RandAugment (transforms/autoaugment.py).
#pragma once

#include <vector>

#include "base/random.h"
#include "data/augmentation.h"
#include "data/pixel_operations.h"

namespace orthrus {

struct DrawnOperation {
  PixelOperation operation = PixelOperation::kIdentity;
  double amount = 0;
};

// Draws of each operation: which one, its magnitude (kTrivial), its sign where it has one. `size`:
// of the picture, which translations of kRand are measured by.
[[nodiscard]] std::vector<DrawnOperation> draw_operations(const Augmentation& augmentation,
                                                          Size size, RandomStream& random);

}  // namespace orthrus
