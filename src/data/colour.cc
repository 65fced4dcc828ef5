#include "data/colour.h"

#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

namespace orthrus {

namespace {

using Matrix = std::array<Rgb, 3>;

constexpr Rgb kLuma = {0.299, 0.587, 0.114};

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result{};
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column) {
      for (size_t k = 0; k < 3; ++k) result[row][column] += a[row][k] * b[k][column];
    }
  }
  return result;
}

double dot(const Rgb& a, const Rgb& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

// `map`, followed by colour -> matrix colour + offset.
void follow(ColourMap& map, const Matrix& matrix, const Rgb& offset = {}) {
  map.matrix = product(matrix, map.matrix);
  const Rgb before = map.offset;
  for (size_t c = 0; c < 3; ++c) map.offset[c] = dot(matrix[c], before) + offset[c];
}

Matrix scaled(double factor) {
  return {{{factor, 0, 0}, {0, factor, 0}, {0, 0, factor}}};
}

// Each colour between itself (1) and its grey (0).
Matrix saturated(double factor) {
  Matrix matrix = scaled(factor);
  for (Rgb& row : matrix) {
    for (size_t c = 0; c < 3; ++c) row[c] += (1 - factor) * kLuma[c];
  }
  return matrix;
}

// A turn of the plane of colour differences in YIQ.
Matrix turned(double turn) {
  constexpr Matrix kToYiq = {
      {{0.299, 0.587, 0.114}, {0.596, -0.274, -0.321}, {0.211, -0.523, 0.311}}};
  constexpr Matrix kFromYiq = {{{1.0, 0.956, 0.621}, {1.0, -0.272, -0.647}, {1.0, -1.107, 1.705}}};
  const double c = std::cos(turn * std::numbers::pi), s = std::sin(turn * std::numbers::pi);
  return product(kFromYiq, product({{{1, 0, 0}, {0, c, -s}, {0, s, c}}}, kToYiq));
}

Rgb principal_noise(double deviation, RandomStream& random) {
  constexpr Rgb kValues = {55.46, 4.794, 1.148};
  constexpr Matrix kVectors = {
      {{-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}}};
  Rgb amounts;
  for (size_t i = 0; i < 3; ++i) amounts[i] = deviation * random.normal() * kValues[i];
  return {dot(kVectors[0], amounts), dot(kVectors[1], amounts), dot(kVectors[2], amounts)};
}

enum class Jitter { kBrightness, kContrast, kSaturation };

void jitter(const Augmentation& augmentation, const Rgb& mean, RandomStream& random,
            ColourMap& map) {
  std::vector<std::pair<Jitter, double>> jitters;
  if (augmentation.brightness > 0) {
    jitters.emplace_back(Jitter::kBrightness, augmentation.brightness);
  }
  if (augmentation.contrast > 0) jitters.emplace_back(Jitter::kContrast, augmentation.contrast);
  if (augmentation.saturation > 0) {
    jitters.emplace_back(Jitter::kSaturation, augmentation.saturation);
  }
  for (size_t i = jitters.size(); i-- > 1;) {
    std::swap(jitters[i], jitters[random.below(static_cast<uint32_t>(i) + 1)]);
  }
  for (const auto& [kind, most] : jitters) {
    const double factor = 1 + random.uniform(-most, most);
    if (kind == Jitter::kSaturation) {
      follow(map, saturated(factor));
      continue;
    }
    const double grey = kind == Jitter::kContrast ? (1 - factor) * dot(kLuma, map.of(mean)) : 0;
    follow(map, scaled(factor), {grey, grey, grey});
  }
}

}  // namespace

Rgb ColourMap::of(const Rgb& colour) const {
  return {dot(matrix[0], colour) + offset[0], dot(matrix[1], colour) + offset[1],
          dot(matrix[2], colour) + offset[2]};
}

bool changes_colours(const Augmentation& augmentation) {
  return augmentation.brightness > 0 || augmentation.contrast > 0 || augmentation.saturation > 0 ||
         augmentation.hue > 0 || augmentation.pca_noise > 0 || augmentation.random_gray > 0;
}

ColourMap draw_colours(const Augmentation& augmentation, const Rgb& mean, RandomStream& random) {
  ColourMap map;
  jitter(augmentation, mean, random, map);
  if (augmentation.hue > 0) {
    follow(map, turned(random.uniform(-augmentation.hue, augmentation.hue)));
  }
  if (augmentation.pca_noise > 0) {
    follow(map, scaled(1), principal_noise(augmentation.pca_noise, random));
  }
  if (augmentation.random_gray > 0 && random.uniform() < augmentation.random_gray) {
    constexpr Rgb kGrey = {0.21, 0.72, 0.07};
    follow(map, {kGrey, kGrey, kGrey});
  }
  return map;
}

Rgb mean_colour(const ImageView& picture) {
  Rgb mean = {};
  for (int64_t y = 0; y < picture.height; ++y) {
    std::array<uint64_t, 3> sums = {};
    const uint8_t* pixel = picture.row(y);
    for (int64_t x = 0; x < picture.width; ++x, pixel += 3) {
      for (size_t c = 0; c < 3; ++c) sums[c] += pixel[c];
    }
    for (size_t c = 0; c < 3; ++c) mean[c] += static_cast<double>(sums[c]);
  }
  for (double& value : mean) value /= static_cast<double>(picture.width * picture.height);
  return mean;
}

}  // namespace orthrus
