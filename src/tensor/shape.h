// Shape: up to eight dimensions, outermost first. Images are (N,C,H,W), convolution weights
// (O,I,H,W), matrices (rows, columns). A rank of zero is a scalar.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace orthrus {

class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims);
  // Throws kInput when the rank is over kMaxRank or a dimension is negative.
  explicit Shape(std::span<const int64_t> dims);

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int64_t operator[](int axis) const { return dims_[static_cast<size_t>(axis)]; }
  void set(int axis, int64_t dim) { dims_[static_cast<size_t>(axis)] = dim; }
  [[nodiscard]] std::span<const int64_t> dims() const {
    return {dims_.data(), static_cast<size_t>(rank_)};
  }
  // Product of the dimensions [first, rank); throws kInput when it overflows 63 bits.
  [[nodiscard]] int64_t elements(int first = 0) const;
  [[nodiscard]] std::string to_string() const;  // "(16,3,224,224)"

  bool operator==(const Shape& other) const = default;

 private:
  std::array<int64_t, kMaxRank> dims_{};  // zero beyond the rank, so that == works
  int rank_ = 0;
};

// a * b for sizes; throws kInput on overflow.
[[nodiscard]] size_t checked_multiply(size_t a, size_t b);

}  // namespace orthrus
