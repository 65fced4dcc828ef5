// Eight neighbouring channels at a time: what a thread reads and writes at once.
#pragma once

#include <cuda_bf16.h>

#include <cstdint>

namespace orthrus::cuda {

inline constexpr int kVector = 8;

__device__ inline float widened(float value) {
  return value;
}
__device__ inline float widened(__nv_bfloat16 value) {
  return __bfloat162float(value);
}
// Rounded to the nearest, ties to even.
template <typename T>
__device__ T narrowed(float value);
template <>
__device__ inline float narrowed<float>(float value) {
  return value;
}
template <>
__device__ inline __nv_bfloat16 narrowed<__nv_bfloat16>(float value) {
  return __float2bfloat16_rn(value);
}

// Eight elements as they lie in memory: what is in flight takes no more registers than that.
template <typename T>
struct Raw8;
template <>
struct Raw8<float> {
  float4 low, high;
};
template <>
struct Raw8<__nv_bfloat16> {
  uint4 bits;
};
// `from` is aligned to 16 bytes.
__device__ inline Raw8<float> load_raw8(const float* from) {
  return {reinterpret_cast<const float4*>(from)[0], reinterpret_cast<const float4*>(from)[1]};
}
__device__ inline Raw8<__nv_bfloat16> load_raw8(const __nv_bfloat16* from) {
  return {*reinterpret_cast<const uint4*>(from)};
}
__device__ inline void widen8(const Raw8<float>& raw, float (&values)[kVector]) {
  values[0] = raw.low.x, values[1] = raw.low.y, values[2] = raw.low.z, values[3] = raw.low.w;
  values[4] = raw.high.x, values[5] = raw.high.y, values[6] = raw.high.z, values[7] = raw.high.w;
}
__device__ inline void widen8(const Raw8<__nv_bfloat16>& raw, float (&values)[kVector]) {
  const uint32_t words[4] = {raw.bits.x, raw.bits.y, raw.bits.z, raw.bits.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    values[2 * i] = __uint_as_float(words[i] << 16);
    values[2 * i + 1] = __uint_as_float(words[i] & 0xFFFF0000U);
  }
}
template <typename T>
__device__ void load8(const T* from, float (&values)[kVector]) {
  widen8(load_raw8(from), values);
}

__device__ inline void store8(float* to, const float (&values)[kVector]) {
  reinterpret_cast<float4*>(to)[0] = make_float4(values[0], values[1], values[2], values[3]);
  reinterpret_cast<float4*>(to)[1] = make_float4(values[4], values[5], values[6], values[7]);
}
__device__ inline void store8(__nv_bfloat16* to, const float (&values)[kVector]) {
  uint32_t words[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(values[2 * i], values[2 * i + 1]);
    words[i] = *reinterpret_cast<const uint32_t*>(&pair);
  }
  *reinterpret_cast<uint4*>(to) = make_uint4(words[0], words[1], words[2], words[3]);
}

}  // namespace orthrus::cuda
