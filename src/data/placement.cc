#include "data/placement.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "data/resizer.h"

namespace orthrus {

namespace {

int64_t random_offset(RandomStream& random, int64_t room) {
  return random.below(static_cast<uint32_t>(room) + 1);
}

// random_size_crop: False when none of ten fits into the picture.
bool draw_resized_crop(Size picture, double least_area, RandomStream& random, Rectangle& crop) {
  constexpr int kTries = 10;
  constexpr double kLeastRatio = 3.0 / 4, kMostRatio = 4.0 / 3;
  const double all = static_cast<double>(picture.width) * static_cast<double>(picture.height);
  for (int i = 0; i < kTries; ++i) {
    const double area = all * random.uniform(least_area, 1);
    const double ratio = std::exp(random.uniform(std::log(kLeastRatio), std::log(kMostRatio)));
    crop.width = std::lround(std::sqrt(area * ratio));
    crop.height = std::lround(std::sqrt(area / ratio));
    if (crop.width < 1 || crop.height < 1 || crop.width > picture.width ||
        crop.height > picture.height) {
      continue;
    }
    crop.x = random_offset(random, picture.width - crop.width);
    crop.y = random_offset(random, picture.height - crop.height);
    return true;
  }
  return false;
}

int64_t divided(int64_t length, int64_t denominator) {
  return (length + denominator - 1) / denominator;
}

// The largest denominator that leaves `size` at least as large as `least`.
int denominator_for(Size size, Size least) {
  int result = 1;
  for (const int denominator : {2, 4, 8}) {
    if (divided(size.width, denominator) < least.width) break;
    if (divided(size.height, denominator) < least.height) break;
    result = denominator;
  }
  return result;
}

}  // namespace

Size resize_short(Size picture, int64_t edge) {
  if (picture.height > picture.width) return {edge, edge * picture.height / picture.width};
  return {edge * picture.width / picture.height, edge};
}

Size scale_down(Size picture, Size wanted) {
  // In doubles and truncated at the end, as the Python code does.
  auto width = static_cast<double>(wanted.width), height = static_cast<double>(wanted.height);
  const auto most_width = static_cast<double>(picture.width);
  const auto most_height = static_cast<double>(picture.height);
  if (most_height < height) {
    width = width * most_height / height;
    height = most_height;
  }
  if (most_width < width) {
    height = height * most_width / width;
    width = most_width;
  }
  return {static_cast<int64_t>(width), static_cast<int64_t>(height)};
}

Placement place(Size picture, const Preprocessing& preprocessing, const Augmentation& augmentation,
                RandomStream& random) {
  Placement placement{.picture = picture,
                      .resized = picture,
                      .input = {preprocessing.width, preprocessing.height},
                      .interpolation = preprocessing.interpolation};
  if (augmentation.random_interpolation) {
    constexpr std::array kMethods = {Interpolation::kNearest, Interpolation::kLinear,
                                     Interpolation::kCubic, Interpolation::kArea,
                                     Interpolation::kLanczos};
    placement.interpolation = kMethods.at(random.below(static_cast<uint32_t>(kMethods.size())));
  }
  const bool drawn = augmentation.crop == CropRule::kRandomResized &&
                     draw_resized_crop(picture, augmentation.least_area, random, placement.crop);
  if (!drawn) {
    if (preprocessing.resize > 0) placement.resized = resize_short(picture, preprocessing.resize);
    const Size crop = scale_down(placement.resized, placement.input);
    if (crop.width < 1 || crop.height < 1) {
      throw input_error("the picture of {}x{} pixels is too narrow for a crop of the shape {}x{}",
                        picture.width, picture.height, preprocessing.width, preprocessing.height);
    }
    const int64_t room_x = placement.resized.width - crop.width;
    const int64_t room_y = placement.resized.height - crop.height;
    placement.crop = {room_x / 2, room_y / 2, crop.width, crop.height};
    if (augmentation.crop == CropRule::kRandom) {
      placement.crop.x = random_offset(random, room_x);
      placement.crop.y = random_offset(random, room_y);
    }
  }
  if (augmentation.random_mirror) placement.mirrored = random.uniform() < 0.5;
  return placement;
}

Rectangle crop_of(const Placement& placement, Size whole) {
  if (whole == placement.picture) return placement.crop;
  const Rectangle& crop = placement.crop;
  const Size& full = placement.picture;
  return {crop.x * whole.width / full.width, crop.y * whole.height / full.height,
          std::max<int64_t>(1, crop.width * whole.width / full.width),
          std::max<int64_t>(1, crop.height * whole.height / full.height)};
}

Placement whole_of(const Placement& placement) {
  Placement whole = placement;
  whole.crop = {0, 0, placement.resized.width, placement.resized.height};
  whole.input = placement.resized;
  return whole;
}

WantedPart wanted_part(const Placement& placement, PixelRule rule) {
  const bool resized = placement.resized != placement.picture;
  const Size crop{placement.crop.width, placement.crop.height};
  WantedPart wanted;
  if (rule == PixelRule::kModern) {
    wanted.denominator = resized ? denominator_for(placement.picture, placement.resized)
                                 : denominator_for(crop, placement.input);
  }
  const Size whole{divided(placement.picture.width, wanted.denominator),
                   divided(placement.picture.height, wanted.denominator)};
  wanted.part = resized ? Resizer::needed_part(placement.interpolation, whole, placement.resized,
                                               placement.crop)
                        : crop_of(placement, whole);
  return wanted;
}

}  // namespace orthrus
