// What the reader and the writer of MXNet's array lists share: the numbers of the format
// (MXNet 1.9.1: src/ndarray/ndarray.cc, src/c_api/c_api.cc, 3rdparty/mshadow/mshadow/base.h).
//
//   file   u64 kListMagic, u64 0, u64 count, count arrays, u64 count, count names (u64 length,
//   bytes) array  V2, V3   u32 magic, i32 storage type, shape, context, i32 type flag, data
//          V1       u32 magic, shape, context, i32 type flag, data
//          before   u32 dimensions, that many u32, context, i32 type flag, data
//   shape  i32 dimensions, that many i64          context  i32 device type, i32 device number
#pragma once

#include <array>
#include <cstdint>

#include "tensor/dtype.h"

namespace orthrus::mxnet {

inline constexpr uint64_t kListMagic = 0x112;
inline constexpr uint32_t kArrayV1 = 0xf993fac8;
inline constexpr uint32_t kArrayV2 = 0xf993fac9;
inline constexpr uint32_t kArrayV3 =
    0xf993faca;  // written under NumPy semantics: rank 0 is a scalar

// The element type of each type flag.
inline constexpr std::array kTypeByFlag = {
    DType::kF32,  DType::kF64, DType::kF16, DType::kU8,  DType::kI32, DType::kI8,  DType::kI64,
    DType::kBool, DType::kI16, DType::kU16, DType::kU32, DType::kU64, DType::kBF16};

}  // namespace orthrus::mxnet
