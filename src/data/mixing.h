// Mixing the pictures of a batch in pairs, the first with the last that counts and so on inwards:
//   mixup   x = s a + (1 - s) b, and the other way round for b (Zhang et al. 2017,
//   arXiv:1710.09412) cutmix  a rectangle of a and b is exchanged, 1 - s of their area (Yun et al.
//   2019,
//           arXiv:1905.04899)
// s, the share of a picture's own label, comes from Beta(alpha, alpha), or in cutmix from what is
// left of the rectangle inside of the picture. Labels are not touched here: the batch says whom
// each picture was mixed with, and how much is left of it (tasks/loss.h).
#pragma once

#include <cstdint>

#include "base/random.h"
#include "data/augmentation.h"
#include "data/batch.h"

namespace orthrus {

// A number of Beta(alpha, alpha) (Marsaglia and Tsang, "A simple method for generating gamma
// variables", 2000).
[[nodiscard]] double draw_beta(double alpha, RandomStream& random);

// `number`: of the batch in its epoch. The random numbers of a pair are those of
// RandomStream(seed, kMixing, epoch, number of its first picture's turn), so they depend on nothing
// else. Does nothing, and leaves Batch::partners empty, when the augmentation does not mix.
void mix_pictures(const Augmentation& augmentation, uint64_t seed, uint64_t epoch, uint64_t number,
                  Batch& batch);

}  // namespace orthrus
