// The loops that run over whole activations, compiled once per instruction set from one source
// (vector_kernels.inl) and chosen at run time. They are leaves: no threads, no allocation, no
// standard library, so that no inline function compiled for a newer processor can leak into the
// rest of the program.
//
// All work on rows of 16 elements, float or bf16, and compute in float. A slab is a contiguous part
// of an activation whose rows repeat the same channels every `period` rows: one group of channels
// of one picture in channel blocks (period 1: lane l belongs to channel l modulo the block), or
// pixels with all their channels (period = channels / 16, if 16 divides them). Per-channel numbers
// come as period * 16 floats.
#pragma once

#include <cstddef>

namespace orthrus::cpu {

inline constexpr size_t kLanes = 16;

// The upper half of a float.
struct BFloat16 {
  unsigned short bits;
};

enum class GradientMask {
  kNone,        // g = dy
  kRecomputed,  // g = dy where x * scale + shift > 0
  kFromOutput,  // g = dy where y > 0
};

// One slab of BatchNorm's gradient. dy2 (a second addend of dy), addend and masked may be null.
template <typename T>
struct GradientSlab {
  const T* x = nullptr;
  const T* dy = nullptr;
  const T* dy2 = nullptr;
  const T* y = nullptr;         // kFromOutput only
  T* masked = nullptr;          // receives g
  const float* mean = nullptr;  // period * 16 floats each
  const float* scale = nullptr;
  const float* shift = nullptr;
  GradientMask mask = GradientMask::kNone;
};

// Loops over activations of T. `stream` writes past the caches (the address aligned to a row).
template <typename T>
struct ActivationKernels {
  // sum += x - pivot, square += (x - pivot)^2, lane by lane.
  void (*sums)(const T* x, size_t rows, size_t period, const float* pivot, float* sum,
               float* square);
  // y = x * scale + shift [+ residual], negative values set to zero when `relu`.
  void (*scale_shift)(const T* x, const T* residual, T* y, size_t rows, size_t period,
                      const float* scale, const float* shift, bool relu, bool stream);
  // sum += g, dot += g * (x - mean); writes g to slab.masked where that is not null.
  void (*gradient_sums)(const GradientSlab<T>& slab, size_t rows, size_t period, float* sum,
                        float* dot);
  // dx = scale * g + x * k1 + k0 [+ addend].
  void (*gradient_apply)(const GradientSlab<T>& slab, size_t rows, size_t period, const float* k1,
                         const float* k0, const T* addend, T* dx, bool stream);
  // dst = a + b; dst may be a or b. Any count.
  void (*add)(const T* a, const T* b, T* dst, size_t count);
  // y = max(x, 0), NaN kept; dx = dy where y > 0, else 0. Any count.
  void (*relu)(const T* x, T* y, size_t count);
  void (*relu_gradient)(const T* y, const T* dy, T* dx, size_t count);
};

struct VectorKernels {
  const char* name;
  ActivationKernels<float> f32;
  ActivationKernels<BFloat16> bf16;  // rounds to the nearest, ties to even
  // Multiplies and adds in registers: 2 * 16 * 12 floating-point operations per iteration. Returns
  // a number that depends on all of them.
  float (*multiply_add)(size_t iterations);
  // y = x > 0 ? x : slope * x; 16 slopes.
  void (*leaky)(const float* x, float* y, size_t rows, const float* slope);
  // dst = src. Any count.
  void (*widen)(const BFloat16* src, float* dst, size_t count);
  void (*narrow)(const float* src, BFloat16* dst, size_t count);
};

template <typename T>
[[nodiscard]] const ActivationKernels<T>& kernels_of(const VectorKernels& kernels);
template <>
inline const ActivationKernels<float>& kernels_of(const VectorKernels& kernels) {
  return kernels.f32;
}
template <>
inline const ActivationKernels<BFloat16>& kernels_of(const VectorKernels& kernels) {
  return kernels.bf16;
}

// For the processor that this process runs on.
[[nodiscard]] const VectorKernels& vector_kernels();

// Implementations, one per instruction set.
extern const VectorKernels kVectorKernelsBaseline;
extern const VectorKernels kVectorKernelsAvx2;
extern const VectorKernels kVectorKernelsAvx512;
extern const VectorKernels kVectorKernelsAvx512Bf16;

}  // namespace orthrus::cpu
