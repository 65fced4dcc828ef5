// Tensor: shape, element type and a buffer, always dense, row-major and 64-byte aligned. Copying a
// Tensor shares the buffer (copy-on-write is not done): clone() makes an independent one.
// Layouts other than row-major exist only inside a plan (see backend/kernel.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace orthrus {

// Memory aligned to 64 bytes, uninitialised; throws kResource when there is none.
[[nodiscard]] std::shared_ptr<std::byte[]> allocate_aligned(size_t size_bytes);

class Tensor {
 public:
  Tensor() = default;                      // no buffer, empty()
  Tensor(const Shape& shape, DType type);  // uninitialised

  [[nodiscard]] static Tensor zeros(const Shape& shape, DType type = DType::kF32);
  [[nodiscard]] static Tensor filled(const Shape& shape, float value);

  [[nodiscard]] bool empty() const { return buffer_ == nullptr; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] DType dtype() const { return type_; }
  [[nodiscard]] size_t size_bytes() const {
    return static_cast<size_t>(shape_.elements()) * size_of(type_);
  }
  [[nodiscard]] std::span<std::byte> bytes() { return {buffer_.get(), size_bytes()}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {buffer_.get(), size_bytes()}; }

  // Elements as T; T must be as wide as the element type (checked: throws kInternal).
  template <typename T = float>
  [[nodiscard]] std::span<T> data() {
    check_width(sizeof(T));
    return {reinterpret_cast<T*>(buffer_.get()), static_cast<size_t>(shape_.elements())};
  }
  template <typename T = float>
  [[nodiscard]] std::span<const T> data() const {
    check_width(sizeof(T));
    return {reinterpret_cast<const T*>(buffer_.get()), static_cast<size_t>(shape_.elements())};
  }

  [[nodiscard]] Tensor clone() const;
  // The same buffer under another shape of as many elements (throws kInternal otherwise).
  [[nodiscard]] Tensor reshaped(const Shape& shape) const;
  // A float32 tensor of the same values: a widened or narrowed copy, or the tensor itself.
  [[nodiscard]] Tensor to_f32() const;

 private:
  void check_width(size_t width) const;

  Shape shape_;
  DType type_ = DType::kF32;
  std::shared_ptr<std::byte[]> buffer_;
};

// Tensors by name: the parameters of a network, or the arrays of a file.
using NamedTensors = std::map<std::string, Tensor>;

// Of names and bytes, in the order of the names; 0 without any.
[[nodiscard]] uint64_t hash_tensors(const NamedTensors& tensors);

}  // namespace orthrus
