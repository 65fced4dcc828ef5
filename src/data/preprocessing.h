// Preprocessing: which numbers turn a decoded picture into the network's input. A plain value: it
// is stored in every model; data/augment.h is what carries it out.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace orthrus {

// What a picture file's pixels are taken for.
enum class PixelRule {
  kMxnet,   // as MXNet 1.9.1: EXIF ignored, alpha dropped, of 16 bits the high byte
  kModern,  // as people see it: EXIF orientation applied, alpha laid on white, 16 bits rounded
};

// How pixels between pixels are found when a picture is resized.
enum class Interpolation {
  kCubic,  // MXNet's inter_method 2, ImageIter's default
  kLinear,
  kArea,
  kNearest,
  kAuto,     // cubic where both sides grow, area where both shrink, else linear (inter_method 9)
  kLanczos,  // inter_method 4
};

// In that order, as options and models name them.
inline constexpr std::array<std::string_view, 6> kInterpolationNames = {
    "cubic", "linear", "area", "nearest", "auto", "lanczos"};

// Defaults: the ancestor's validation pipeline.
struct Preprocessing {
  int64_t channels = 3;
  int64_t height = 224;
  int64_t width = 224;
  int64_t resize = 224;                                     // shorter edge; 0: not resized
  std::array<float, 3> mean = {123.68F, 116.28F, 103.53F};  // RGB, 0..255
  std::array<float, 3> std = {58.395F, 57.12F, 57.375F};
  PixelRule pixels = PixelRule::kMxnet;
  Interpolation interpolation = Interpolation::kCubic;
  bool operator==(const Preprocessing&) const = default;
};

}  // namespace orthrus
