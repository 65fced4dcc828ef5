// Image: a decoded picture as RGB bytes, rows without gaps (H,W,3), in a buffer that is kept from
// one picture to the next. ImageView is a rectangle of one, ImagePart a rectangle that knows the
// picture it was taken from. None of them knows files or floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace orthrus {

struct Size {
  int64_t width = 0;
  int64_t height = 0;
  bool operator==(const Size&) const = default;
};

struct Rectangle {
  int64_t x = 0;
  int64_t y = 0;
  int64_t width = 0;
  int64_t height = 0;
  bool operator==(const Rectangle&) const = default;
};

// A rectangle of RGB pixels that somebody else owns. At least kImageSlack readable bytes follow the
// last pixel, so that kernels may load a pixel as four bytes.
struct ImageView {
  const uint8_t* pixels = nullptr;
  int64_t width = 0;
  int64_t height = 0;
  int64_t stride_bytes = 0;  // from one row to the next

  [[nodiscard]] const uint8_t* row(int64_t y) const { return pixels + y * stride_bytes; }
  [[nodiscard]] Size whole() const { return {width, height}; }
  // A rectangle that lies inside.
  [[nodiscard]] ImageView part(const Rectangle& part) const {
    return {row(part.y) + 3 * part.x, part.width, part.height, stride_bytes};
  }
};

// The pixels from (x, y) on of a picture of the size `whole`, whose others are not there.
struct ImagePart {
  ImageView pixels;
  Size whole;
  int64_t x = 0;
  int64_t y = 0;
};

inline constexpr size_t kImageSlack = 16;

class Image {
 public:
  // The contents become undefined; the buffer only ever grows. Pages that are never written cost no
  // memory, so a header that promises more than the file holds is cheap. Throws kResource.
  void resize(int64_t width, int64_t height);
  // Gives the buffer back when it is larger than `most_bytes`.
  void shrink(size_t most_bytes);

  [[nodiscard]] int64_t width() const { return width_; }
  [[nodiscard]] int64_t height() const { return height_; }
  [[nodiscard]] int64_t stride_bytes() const { return 3 * width_; }
  [[nodiscard]] size_t size_bytes() const { return static_cast<size_t>(3 * width_ * height_); }
  [[nodiscard]] uint8_t* row(int64_t y) { return buffer_.get() + y * stride_bytes(); }
  [[nodiscard]] const uint8_t* row(int64_t y) const { return buffer_.get() + y * stride_bytes(); }
  [[nodiscard]] ImageView view() const { return {buffer_.get(), width_, height_, stride_bytes()}; }

 private:
  int64_t width_ = 0;
  int64_t height_ = 0;
  size_t capacity_bytes_ = 0;
  std::unique_ptr<uint8_t[]> buffer_;
};

}  // namespace orthrus
