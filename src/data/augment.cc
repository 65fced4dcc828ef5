#include "data/augment.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "data/erase.h"
#include "data/policy.h"

namespace orthrus {

namespace {

constexpr int64_t kMaxEdge = 65536;

void check(const Preprocessing& p) {
  if (p.channels != 3) {
    throw usage_error("the network wants {} channels, but pictures are read as RGB: 3", p.channels);
  }
  const bool valid = p.height >= 1 && p.height <= kMaxEdge && p.width >= 1 && p.width <= kMaxEdge &&
                     p.resize >= 0 && p.resize <= kMaxEdge;
  if (!valid) {
    throw usage_error(
        "an image of {}x{} (height x width), shorter edge resized to {}: at most {}, at "
        "least 1 (a resize of 0 means none)",
        p.height, p.width, p.resize, kMaxEdge);
  }
  for (size_t c = 0; c < 3; ++c) {
    if (!std::isfinite(p.mean[c]) || !std::isfinite(p.std[c]) || p.std[c] == 0) {
      throw usage_error("channel {}: mean {} and std {} must be finite, and std not zero", c,
                        p.mean[c], p.std[c]);
    }
  }
}

// Calls store(place in a plane, the pixel's three bytes) for each pixel of the result.
template <typename Store>
void for_each_pixel_of(const ImageView& picture, bool mirrored, const Store& store) {
  const int64_t step = mirrored ? -3 : 3;
  for (int64_t y = 0; y < picture.height; ++y) {
    const uint8_t* pixel = picture.row(y) + (mirrored ? 3 * (picture.width - 1) : 0);
    for (int64_t x = 0; x < picture.width; ++x, pixel += step) store(y * picture.width + x, pixel);
  }
}

}  // namespace

Augmenter::Augmenter(const Preprocessing& preprocessing, const Augmentation& augmentation)
    : preprocessing_(preprocessing), augmentation_(augmentation) {
  check(preprocessing);
  for (size_t c = 0; c < 3; ++c) {
    for (size_t value = 0; value < 256; ++value) {
      const float centred = static_cast<float>(value) - preprocessing.mean[c];
      normalised_[c][value] = centred / preprocessing.std[c];
    }
  }
}

ImageView Augmenter::crop(const ImagePart& picture, const Placement& placement,
                          RandomStream& random, AugmentBuffers& buffers) const {
  ImageView view;
  if (placement.resized == placement.picture) {
    Rectangle part = crop_of(placement, picture.whole);
    part.x -= picture.x;
    part.y -= picture.y;
    view = picture.pixels.part(part);
  } else {
    // Only the crop is computed: its pixels do not depend on the rest.
    buffers.resizer.resize(placement.interpolation, picture, placement.resized, placement.crop,
                           buffers.crop);
    view = buffers.crop.view();
  }
  return change(view, placement, random, buffers);
}

ImageView Augmenter::crop_resized(const Image& resized, const Placement& placement,
                                  RandomStream& random, AugmentBuffers& buffers) const {
  return change(resized.view().part(placement.crop), placement, random, buffers);
}

const Image& Augmenter::resize(const DecodedPart& decoded, const Image& picture,
                               const Placement& placement, AugmentBuffers& buffers) const {
  if (placement.resized == placement.picture) return picture;
  const Size size = placement.resized;
  buffers.resizer.resize(placement.interpolation, decoded.of(picture), size,
                         {0, 0, size.width, size.height}, buffers.crop);
  return buffers.crop;
}

ImageView Augmenter::change(ImageView view, const Placement& placement, RandomStream& random,
                            AugmentBuffers& buffers) const {
  // From the crop's own pixels alone (fixed_crop).
  const Size input = placement.input;
  if (view.whole() != input) {
    buffers.resizer.resize(placement.interpolation, {.pixels = view, .whole = view.whole()}, input,
                           {0, 0, input.width, input.height}, buffers.scaled);
    view = buffers.scaled.view();
  }
  for (const DrawnOperation& drawn : draw_operations(augmentation_, input, random)) {
    orthrus::apply(drawn.operation, drawn.amount, view, buffers.changed);
    std::swap(buffers.changed, buffers.scaled);
    view = buffers.scaled.view();
  }
  return view;
}

void Augmenter::finish(const ImageView& crop, bool mirrored, RandomStream& random,
                       std::span<float> dst) const {
  const int64_t plane = crop.width * crop.height;
  if (static_cast<int64_t>(dst.size()) != 3 * plane) {
    throw internal_error("room for {} values, {} needed", dst.size(), 3 * plane);
  }
  if (changes_colours(augmentation_)) {
    const ColourMap map = draw_colours(augmentation_, mean_colour(crop), random);
    normalise_mapped(map, crop, mirrored, dst);
  } else {
    normalise(crop, mirrored, dst);
  }
  if (augmentation_.erase > 0) erase_rectangle(augmentation_.erase, crop.whole(), random, dst);
}

void Augmenter::apply(const ImageView& picture, RandomStream& random, AugmentBuffers& buffers,
                      std::span<float> dst) const {
  const Placement placement = place(picture.whole(), random);
  const ImagePart whole{.pixels = picture, .whole = picture.whole()};
  finish(crop(whole, placement, random, buffers), placement.mirrored, random, dst);
}

void Augmenter::normalise(const ImageView& crop, bool mirrored, std::span<float> dst) const {
  const int64_t plane = crop.width * crop.height;
  const float* const red = normalised_[0].data();
  const float* const green = normalised_[1].data();
  const float* const blue = normalised_[2].data();
  for_each_pixel_of(crop, mirrored, [&, out = dst.data()](int64_t at, const uint8_t* pixel) {
    out[at] = red[pixel[0]];
    out[at + plane] = green[pixel[1]];
    out[at + 2 * plane] = blue[pixel[2]];
  });
}

void Augmenter::normalise_mapped(const ColourMap& map, const ImageView& crop, bool mirrored,
                                 std::span<float> dst) const {
  const int64_t plane = crop.width * crop.height;
  for (size_t c = 0; c < 3; ++c) {
    const double std = preprocessing_.std[c];
    const auto red = static_cast<float>(map.matrix[c][0] / std);
    const auto green = static_cast<float>(map.matrix[c][1] / std);
    const auto blue = static_cast<float>(map.matrix[c][2] / std);
    const auto add = static_cast<float>((map.offset[c] - preprocessing_.mean[c]) / std);
    float* const out = dst.data() + static_cast<int64_t>(c) * plane;
    for_each_pixel_of(crop, mirrored, [&](int64_t at, const uint8_t* pixel) {
      out[at] = red * static_cast<float>(pixel[0]) + green * static_cast<float>(pixel[1]) +
                blue * static_cast<float>(pixel[2]) + add;
    });
  }
}

}  // namespace orthrus
