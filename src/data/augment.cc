#include "data/augment.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

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

int64_t random_offset(RandomStream& random, int64_t room) {
  return random.below(static_cast<uint32_t>(room) + 1);
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
  Placement placement;
  placement.picture = picture;
  placement.resized =
      preprocessing.resize > 0 ? resize_short(picture, preprocessing.resize) : picture;
  const Size crop = scale_down(placement.resized, {preprocessing.width, preprocessing.height});
  if (crop.width < 1 || crop.height < 1) {
    throw input_error("the picture of {}x{} pixels is too narrow for a crop of the shape {}x{}",
                      picture.width, picture.height, preprocessing.width, preprocessing.height);
  }
  const int64_t room_x = placement.resized.width - crop.width;
  const int64_t room_y = placement.resized.height - crop.height;
  placement.crop = {room_x / 2, room_y / 2, crop.width, crop.height};
  if (augmentation.random_crop) {
    placement.crop.x = random_offset(random, room_x);
    placement.crop.y = random_offset(random, room_y);
  }
  if (augmentation.random_mirror) placement.mirrored = random.uniform() < 0.5;
  return placement;
}

WantedPart wanted_part(const Placement& placement, PixelRule rule) {
  if (placement.resized == placement.picture) return {.part = placement.crop};
  WantedPart wanted;
  Size whole = placement.picture;
  if (rule == PixelRule::kModern) {
    for (const int denominator : {2, 4, 8}) {
      const Size smaller{(placement.picture.width + denominator - 1) / denominator,
                         (placement.picture.height + denominator - 1) / denominator};
      if (smaller.width < placement.resized.width || smaller.height < placement.resized.height) {
        break;
      }
      wanted.denominator = denominator;
      whole = smaller;
    }
  }
  wanted.part = CubicResizer::needed_part(whole, placement.resized, placement.crop);
  return wanted;
}

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
                          AugmentBuffers& buffers) const {
  ImageView view;
  if (placement.resized == placement.picture) {
    view = picture.pixels.part({placement.crop.x - picture.x, placement.crop.y - picture.y,
                                placement.crop.width, placement.crop.height});
  } else {
    // Only the crop is computed: its pixels do not depend on the rest.
    buffers.resizer.resize(picture, placement.resized, placement.crop, buffers.crop);
    view = buffers.crop.view();
  }
  // A crop that had to be scaled down is enlarged from its own pixels alone (fixed_crop).
  const Size input{preprocessing_.width, preprocessing_.height};
  if (view.whole() != input) {
    buffers.resizer.resize(view, input, {0, 0, input.width, input.height}, buffers.scaled);
    view = buffers.scaled.view();
  }
  return view;
}

void Augmenter::apply(const ImageView& picture, RandomStream& random, AugmentBuffers& buffers,
                      std::span<float> dst) const {
  const Placement placement = place(picture.whole(), random);
  const ImagePart whole{.pixels = picture, .whole = picture.whole()};
  normalise(crop(whole, placement, buffers), placement.mirrored, dst);
}

void Augmenter::normalise(const ImageView& picture, bool mirrored, std::span<float> dst) const {
  const int64_t plane = picture.width * picture.height;
  if (static_cast<int64_t>(dst.size()) != 3 * plane) {
    throw internal_error("room for {} values, {} needed", dst.size(), 3 * plane);
  }
  const float* const red = normalised_[0].data();
  const float* const green = normalised_[1].data();
  const float* const blue = normalised_[2].data();
  const int64_t step = mirrored ? -3 : 3;
  for (int64_t y = 0; y < picture.height; ++y) {
    const uint8_t* pixel = picture.row(y) + (mirrored ? 3 * (picture.width - 1) : 0);
    float* out = dst.data() + y * picture.width;
    for (int64_t x = 0; x < picture.width; ++x, pixel += step) {
      out[x] = red[pixel[0]];
      out[x + plane] = green[pixel[1]];
      out[x + 2 * plane] = blue[pixel[2]];
    }
  }
}

}  // namespace orthrus
