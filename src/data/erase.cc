#include "data/erase.h"

#include <cmath>

namespace orthrus {

void erase_rectangle(double probability, Size size, RandomStream& random, std::span<float> pixels) {
  constexpr int kTries = 10;
  constexpr double kLeastArea = 0.02, kMostArea = 0.33, kLeastRatio = 0.3, kMostRatio = 3.3;
  if (random.uniform() >= probability) return;
  const int64_t plane = size.width * size.height;
  for (int i = 0; i < kTries; ++i) {
    const double area = random.uniform(kLeastArea, kMostArea) * static_cast<double>(plane);
    const double ratio = std::exp(random.uniform(std::log(kLeastRatio), std::log(kMostRatio)));
    const auto height = std::lround(std::sqrt(area * ratio));
    const auto width = std::lround(std::sqrt(area / ratio));
    if (width < 1 || height < 1 || width >= size.width || height >= size.height) continue;
    const int64_t x = random.below(static_cast<uint32_t>(size.width - width + 1));
    const int64_t y = random.below(static_cast<uint32_t>(size.height - height + 1));
    const auto channels = static_cast<int64_t>(pixels.size()) / plane;
    for (int64_t channel = 0; channel < channels; ++channel) {
      for (int64_t row = y; row < y + height; ++row) {
        const int64_t first = channel * plane + row * size.width + x;
        for (float& value :
             pixels.subspan(static_cast<size_t>(first), static_cast<size_t>(width))) {
          value = static_cast<float>(random.normal());
        }
      }
    }
    return;
  }
}

}  // namespace orthrus
