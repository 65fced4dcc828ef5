// The loops that run over whole activations, compiled once per instruction set from one source
// (vector_kernels.inl) and chosen at run time. They are leaves: no threads, no allocation, no
// standard library, so that no inline function compiled for a newer processor can leak into the
// rest of the program.
//
// All work on rows of 16 floats. A slab is the part of an activation that belongs to one picture
// and one group of channels; it is contiguous in every layout used here. Lane l of a row belongs to
// channel l modulo the layout's block (16 for nChw16c, 8 for nChw8c, 1 for plain), so that
// per-channel numbers come as 16 floats, repeated as needed.
#pragma once

#include <cstddef>

namespace orthrus::cpu {

inline constexpr size_t kLanes = 16;

enum class GradientMask {
  kNone,        // g = dy
  kRecomputed,  // g = dy where x * scale + shift > 0
  kFromOutput,  // g = dy where y > 0
};

// One slab of BatchNorm's gradient. dy2 (a second addend of dy), addend and masked may be null.
struct GradientSlab {
  const float* x = nullptr;
  const float* dy = nullptr;
  const float* dy2 = nullptr;
  const float* y = nullptr;     // kFromOutput only
  float* masked = nullptr;      // receives g
  const float* mean = nullptr;  // 16 floats each
  const float* scale = nullptr;
  const float* shift = nullptr;
  GradientMask mask = GradientMask::kNone;
};

struct VectorKernels {
  const char* name;
  // sum += x - pivot, square += (x - pivot)^2, lane by lane.
  void (*sums)(const float* x, size_t rows, const float* pivot, float* sum, float* square);
  // y = x * scale + shift [+ residual], negative values set to zero when `relu`. `stream` writes
  // past the caches (y aligned to 64 bytes).
  void (*scale_shift)(const float* x, const float* residual, float* y, size_t rows,
                      const float* scale, const float* shift, bool relu, bool stream);
  // sum += g, dot += g * (x - mean); writes g to slab.masked where that is not null.
  void (*gradient_sums)(const GradientSlab& slab, size_t rows, float* sum, float* dot);
  // dx = scale * g + x * k1 + k0 [+ addend].
  void (*gradient_apply)(const GradientSlab& slab, size_t rows, const float* k1, const float* k0,
                         const float* addend, float* dx, bool stream);
  // dst = a + b; dst may be a or b. Any count.
  void (*add)(const float* a, const float* b, float* dst, size_t count);
  // y = max(x, 0), NaN kept; dx = dy where y > 0, else 0. Any count.
  void (*relu)(const float* x, float* y, size_t count);
  void (*relu_gradient)(const float* y, const float* dy, float* dx, size_t count);
  // Multiplies and adds in registers: 2 * 16 * 12 floating-point operations per iteration. Returns
  // a number that depends on all of them.
  float (*multiply_add)(size_t iterations);
  // y = x > 0 ? x : slope * x; 16 slopes.
  void (*leaky)(const float* x, float* y, size_t rows, const float* slope);
};

// For the processor that this process runs on.
[[nodiscard]] const VectorKernels& vector_kernels();

// Implementations, one per instruction set.
extern const VectorKernels kVectorKernelsBaseline;
extern const VectorKernels kVectorKernelsAvx2;
extern const VectorKernels kVectorKernelsAvx512;

}  // namespace orthrus::cpu
