// Element types of tensors, and the widening of small floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace orthrus {

enum class DType : uint8_t {
  kF32,
  kF64,
  kF16,
  kBF16,
  kU8,
  kI8,
  kI32,
  kI64,
  kBool,
  kI16,
  kU16,
  kU32,
  kU64
};

[[nodiscard]] size_t size_of(DType type);            // bytes per element
[[nodiscard]] std::string_view name_of(DType type);  // "f32", "bf16", ...

[[nodiscard]] float f16_to_f32(uint16_t bits);  // IEEE 754 binary16, subnormals and NaN included
[[nodiscard]] float bf16_to_f32(uint16_t bits);
// To the nearest, ties to even; NaN stays NaN.
[[nodiscard]] uint16_t f32_to_bf16(float value);

// The DType of a C++ element type.
template <typename T>
inline constexpr DType kDTypeOf = DType::kF32;
template <>
inline constexpr DType kDTypeOf<double> = DType::kF64;
template <>
inline constexpr DType kDTypeOf<uint8_t> = DType::kU8;
template <>
inline constexpr DType kDTypeOf<int8_t> = DType::kI8;
template <>
inline constexpr DType kDTypeOf<int32_t> = DType::kI32;
template <>
inline constexpr DType kDTypeOf<int64_t> = DType::kI64;
template <>
inline constexpr DType kDTypeOf<uint16_t> = DType::kU16;  // also the bits of f16 and bf16

}  // namespace orthrus
