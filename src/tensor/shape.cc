#include "tensor/shape.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace orthrus {

Shape::Shape(std::initializer_list<int64_t> dims) : Shape(std::span(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const int64_t> dims) : rank_(static_cast<int>(dims.size())) {
  if (dims.size() > kMaxRank) {
    throw input_error("a tensor of {} dimensions is not supported (at most {})", dims.size(),
                      kMaxRank);
  }
  if (std::ranges::any_of(dims, [](int64_t dim) { return dim < 0; })) {
    throw input_error("negative dimension in the shape ({})", fmt::join(dims, ","));
  }
  std::ranges::copy(dims, dims_.begin());
}

int64_t Shape::elements(int first) const {
  int64_t product = 1;
  for (int axis = first; axis < rank_; ++axis) {
    if (__builtin_mul_overflow(product, (*this)[axis], &product)) {
      throw input_error("the shape {} has too many elements", to_string());
    }
  }
  return product;
}

std::string Shape::to_string() const {
  return fmt::format("({})", fmt::join(dims(), ","));
}

size_t checked_multiply(size_t a, size_t b) {
  size_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    throw input_error("a size of {} x {} bytes overflows", a, b);
  }
  return product;
}

}  // namespace orthrus
