#include "tensor/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/hash.h"

namespace orthrus {

namespace {

template <typename T>
void convert(const Tensor& from, std::span<float> to) {
  std::ranges::transform(from.data<T>(), to.begin(),
                         [](T value) { return static_cast<float>(value); });
}

void convert_small(const Tensor& from, std::span<float> to, float (*widen)(uint16_t)) {
  std::ranges::transform(from.data<uint16_t>(), to.begin(), widen);
}

}  // namespace

std::shared_ptr<std::byte[]> allocate_aligned(size_t size_bytes) {
  constexpr size_t kCacheLine = 64, kHugePage = size_t{2} << 20;
  const bool huge = size_bytes >= 4 * kHugePage;
  const size_t alignment = huge ? kHugePage : kCacheLine;
  const size_t padded = (std::max<size_t>(size_bytes, 1) + alignment - 1) / alignment * alignment;
  if (padded < size_bytes) throw resource_error("{} bytes cannot be allocated", size_bytes);
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(alignment, padded));
  if (memory == nullptr) throw resource_error("out of memory: {} bytes wanted", size_bytes);
  // Advice only: where the kernel has no huge pages, small ones do.
  if (huge) madvise(memory, padded, MADV_HUGEPAGE);
  return {memory, [](std::byte* pointer) { std::free(pointer); }};
}

Tensor::Tensor(const Shape& shape, DType type)
    : shape_(shape),
      type_(type),
      buffer_(allocate_aligned(
          checked_multiply(static_cast<size_t>(shape.elements()), size_of(type)))) {}

Tensor Tensor::zeros(const Shape& shape, DType type) {
  Tensor tensor(shape, type);
  std::ranges::fill(tensor.bytes(), std::byte{0});
  return tensor;
}

Tensor Tensor::filled(const Shape& shape, float value) {
  Tensor tensor(shape, DType::kF32);
  std::ranges::fill(tensor.data(), value);
  return tensor;
}

Tensor Tensor::clone() const {
  if (empty()) return {};
  Tensor copy(shape_, type_);
  std::ranges::copy(bytes(), copy.bytes().begin());
  return copy;
}

Tensor Tensor::reshaped(const Shape& shape) const {
  if (shape.elements() != shape_.elements()) {
    throw internal_error("a tensor {} cannot be seen as {}", shape_.to_string(), shape.to_string());
  }
  Tensor view = *this;
  view.shape_ = shape;
  return view;
}

Tensor Tensor::to_f32() const {
  if (type_ == DType::kF32) return *this;
  Tensor wide(shape_, DType::kF32);
  const std::span<float> to = wide.data();
  switch (type_) {
    case DType::kF32:
      break;
    case DType::kF64:
      convert<double>(*this, to);
      break;
    case DType::kF16:
      convert_small(*this, to, f16_to_f32);
      break;
    case DType::kBF16:
      convert_small(*this, to, bf16_to_f32);
      break;
    case DType::kU8:
    case DType::kBool:
      convert<uint8_t>(*this, to);
      break;
    case DType::kI8:
      convert<int8_t>(*this, to);
      break;
    case DType::kI16:
      convert<int16_t>(*this, to);
      break;
    case DType::kU16:
      convert<uint16_t>(*this, to);
      break;
    case DType::kI32:
      convert<int32_t>(*this, to);
      break;
    case DType::kU32:
      convert<uint32_t>(*this, to);
      break;
    case DType::kI64:
      convert<int64_t>(*this, to);
      break;
    case DType::kU64:
      convert<uint64_t>(*this, to);
      break;
  }
  return wide;
}

void Tensor::check_width(size_t width) const {
  if (width != size_of(type_)) {
    throw internal_error("a tensor of {} was read as elements of {} bytes", name_of(type_), width);
  }
}

uint64_t hash_tensors(const NamedTensors& tensors) {
  uint64_t hash = 0;
  for (const auto& [name, tensor] : tensors) {
    hash = hash_bytes(tensor.bytes(), hash_text(name, hash));
  }
  return hash;
}

}  // namespace orthrus
