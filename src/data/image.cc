#include "data/image.h"

#include <new>

#include "base/error.h"
#include "tensor/shape.h"

namespace orthrus {

void Image::resize(int64_t width, int64_t height) {
  if (width < 1 || height < 1) throw internal_error("an image of {}x{} pixels", width, height);
  const size_t row_bytes = checked_multiply(3, static_cast<size_t>(width));
  const size_t bytes = checked_multiply(row_bytes, static_cast<size_t>(height)) + kImageSlack;
  if (bytes > capacity_bytes_) {
    buffer_.reset();
    capacity_bytes_ = 0;
    width_ = height_ = 0;
    buffer_.reset(new (std::nothrow) uint8_t[bytes]);
    if (!buffer_)
      throw resource_error("out of memory: {} bytes for a {}x{} image", bytes, width, height);
    capacity_bytes_ = bytes;
  }
  width_ = width;
  height_ = height;
}

void Image::shrink(size_t most_bytes) {
  if (capacity_bytes_ <= most_bytes) return;
  *this = Image();
}

}  // namespace orthrus
