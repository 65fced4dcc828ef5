#include "data/mixing.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"
#include "data/image.h"

namespace orthrus {

namespace {

double draw_gamma(double shape, RandomStream& random) {
  if (shape < 1) {
    const double factor = std::pow(1 - random.uniform(), 1 / shape);
    return factor * draw_gamma(shape + 1, random);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = random.normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

struct Pair {
  std::span<float> first, second;  // (C,H,W)
};

void blend_pair(const Pair& pair, float share) {
  for (size_t i = 0; i < pair.first.size(); ++i) {
    const float a = pair.first[i], b = pair.second[i];
    pair.first[i] = share * a + (1 - share) * b;
    pair.second[i] = share * b + (1 - share) * a;
  }
}

// Sides sqrt(1 - share) of the picture's, about a point anywhere in it; cut off at its edges.
Rectangle draw_rectangle(Size size, double share, RandomStream& random) {
  const double side = std::sqrt(1 - share);
  const auto half = [&](int64_t length) {
    return static_cast<int64_t>(static_cast<double>(length) * side) / 2;
  };
  const int64_t x = random.below(static_cast<uint32_t>(size.width));
  const int64_t y = random.below(static_cast<uint32_t>(size.height));
  const int64_t left = std::max<int64_t>(0, x - half(size.width));
  const int64_t top = std::max<int64_t>(0, y - half(size.height));
  return {left, top, std::min(size.width, x + half(size.width)) - left,
          std::min(size.height, y + half(size.height)) - top};
}

void exchange(const Pair& pair, Size size, const Rectangle& part) {
  const auto plane = static_cast<size_t>(size.width * size.height);
  for (size_t channel = 0; channel < pair.first.size(); channel += plane) {
    for (int64_t y = part.y; y < part.y + part.height; ++y) {
      const size_t begin = channel + static_cast<size_t>(y * size.width + part.x);
      std::ranges::swap_ranges(pair.first.subspan(begin, static_cast<size_t>(part.width)),
                               pair.second.subspan(begin, static_cast<size_t>(part.width)));
    }
  }
}

// Answers the share of its own that is left of each.
double mix_pair(const Augmentation& augmentation, const Pair& pair, Size size,
                RandomStream& random) {
  const bool both = augmentation.mixup > 0 && augmentation.cutmix > 0;
  const bool cut = both ? random.below(2) == 1 : augmentation.cutmix > 0;
  const double share = draw_beta(cut ? augmentation.cutmix : augmentation.mixup, random);
  if (!cut) {
    blend_pair(pair, static_cast<float>(share));
    return share;
  }
  const Rectangle part = draw_rectangle(size, share, random);
  exchange(pair, size, part);
  return 1 - static_cast<double>(part.width * part.height) /
                 static_cast<double>(size.width * size.height);
}

}  // namespace

double draw_beta(double alpha, RandomStream& random) {
  const double a = draw_gamma(alpha, random), b = draw_gamma(alpha, random);
  return a + b > 0 ? a / (a + b) : 0.5;  // both may be too small for a double
}

void mix_pictures(const Augmentation& augmentation, uint64_t seed, uint64_t epoch, uint64_t number,
                  Batch& batch) {
  batch.partners.clear();
  batch.shares.clear();
  if (!augmentation.mixes()) return;
  const Shape& shape = batch.images.shape();
  const auto slots = static_cast<size_t>(shape[0]);
  batch.shares.assign(slots, 1);
  for (size_t slot = 0; slot < slots; ++slot) batch.partners.push_back(static_cast<int>(slot));
  const Size size{shape[3], shape[2]};
  const auto values = static_cast<size_t>(shape.elements(1));
  const std::span<float> pixels = batch.images.data();
  parallel_for(batch.count / 2, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const size_t j = static_cast<size_t>(batch.count) - 1 - i;
      RandomStream random(seed, StreamPurpose::kMixing, epoch, number * slots + i);
      const Pair pair{pixels.subspan(i * values, values), pixels.subspan(j * values, values)};
      const double share = mix_pair(augmentation, pair, size, random);
      batch.partners[i] = static_cast<int>(j);
      batch.partners[j] = static_cast<int>(i);
      batch.shares[i] = batch.shares[j] = static_cast<float>(share);
    }
  });
}

}  // namespace orthrus
