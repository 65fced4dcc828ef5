// Body of vector_kernels_{baseline,avx2,avx512}.cc; see vector_kernels.h. The includer defines
// ORTHRUS_KERNELS (the table's name) and ORTHRUS_ISA (its text).
#include <stddef.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "backend/cpu/vector_kernels.h"

namespace orthrus::cpu {

namespace {

typedef float Row __attribute__((vector_size(64)));
typedef float UnalignedRow __attribute__((vector_size(64), aligned(4), may_alias));

inline Row load(const float* address) { return *reinterpret_cast<const UnalignedRow*>(address); }
inline void store(float* address, Row row) { *reinterpret_cast<UnalignedRow*>(address) = row; }

inline void store_past_caches(float* address, Row row) {
#if defined(__AVX512F__)
  _mm512_stream_ps(address, reinterpret_cast<__m512>(row));
#else
  store(address, row);
#endif
}
inline void fence() {
#if defined(__AVX512F__)
  _mm_sfence();
#endif
}

constexpr Row kZero = {};

inline Row keep_positive(Row row) { return row < kZero ? kZero : row; }  // keeps NaN
inline Row where_positive(Row condition, Row value) { return condition > kZero ? value : kZero; }

// Four accumulators hide the latency of an addition.
struct Accumulators {
  Row part[4] = {};
  Row total() const { return (part[0] + part[1]) + (part[2] + part[3]); }
};

void sums(const float* x, size_t rows, const float* pivot, float* sum, float* square) {
  const Row offset = load(pivot);
  Accumulators s, q;
  for (size_t r = 0; r < rows; ++r) {
    const Row value = load(x + r * kLanes) - offset;
    s.part[r % 4] += value;
    q.part[r % 4] += value * value;
  }
  store(sum, load(sum) + s.total());
  store(square, load(square) + q.total());
}

template <typename Function>
inline void write_rows(float* dst, size_t rows, bool stream, Function row_at) {
  if (stream) {
    for (size_t r = 0; r < rows; ++r) store_past_caches(dst + r * kLanes, row_at(r * kLanes));
    fence();
  } else {
    for (size_t r = 0; r < rows; ++r) store(dst + r * kLanes, row_at(r * kLanes));
  }
}

void scale_shift(const float* x, const float* residual, float* y, size_t rows, const float* scale,
                 const float* shift, bool relu, bool stream) {
  const Row a = load(scale), b = load(shift);
  if (residual != nullptr && relu) {
    write_rows(y, rows, stream,
               [=](size_t i) { return keep_positive(load(x + i) * a + b + load(residual + i)); });
  } else if (residual != nullptr) {
    write_rows(y, rows, stream, [=](size_t i) { return load(x + i) * a + b + load(residual + i); });
  } else if (relu) {
    write_rows(y, rows, stream, [=](size_t i) { return keep_positive(load(x + i) * a + b); });
  } else {
    write_rows(y, rows, stream, [=](size_t i) { return load(x + i) * a + b; });
  }
}

// The gradient at row i, after the sum of its addends and the mask.
template <GradientMask kMask, bool kTwo>
inline Row gradient_at(const GradientSlab& slab, size_t i, Row x, Row a, Row b) {
  Row g = load(slab.dy + i);
  if constexpr (kTwo) g += load(slab.dy2 + i);
  if constexpr (kMask == GradientMask::kRecomputed) g = where_positive(x * a + b, g);
  if constexpr (kMask == GradientMask::kFromOutput) g = where_positive(load(slab.y + i), g);
  return g;
}

template <GradientMask kMask, bool kTwo>
void gradient_sums_of(const GradientSlab& slab, size_t rows, float* sum, float* dot) {
  const Row mean = load(slab.mean), a = load(slab.scale), b = load(slab.shift);
  Accumulators s, d;
  for (size_t r = 0; r < rows; ++r) {
    const size_t i = r * kLanes;
    const Row x = load(slab.x + i);
    const Row g = gradient_at<kMask, kTwo>(slab, i, x, a, b);
    if (slab.masked != nullptr) store(slab.masked + i, g);
    s.part[r % 4] += g;
    d.part[r % 4] += g * (x - mean);
  }
  store(sum, load(sum) + s.total());
  store(dot, load(dot) + d.total());
}

template <GradientMask kMask, bool kTwo>
void gradient_apply_of(const GradientSlab& slab, size_t rows, const float* k1, const float* k0,
                       const float* addend, float* dx, bool stream) {
  const Row a = load(slab.scale), b = load(slab.shift), factor = load(k1), constant = load(k0);
  const auto row_at = [&](size_t i) {
    const Row x = load(slab.x + i);
    const Row g = gradient_at<kMask, kTwo>(slab, i, x, a, b);
    return a * g + (x * factor + constant);
  };
  if (addend != nullptr) {
    write_rows(dx, rows, stream, [&](size_t i) { return row_at(i) + load(addend + i); });
  } else {
    write_rows(dx, rows, stream, row_at);
  }
}

// Calls function.template operator()<mask, two>() for the slab's mask and number of addends.
template <typename Function>
inline void dispatch(const GradientSlab& slab, Function function) {
  const bool two = slab.dy2 != nullptr;
  switch (slab.mask) {
    case GradientMask::kNone:
      return two ? function.template operator()<GradientMask::kNone, true>()
                 : function.template operator()<GradientMask::kNone, false>();
    case GradientMask::kRecomputed:
      return two ? function.template operator()<GradientMask::kRecomputed, true>()
                 : function.template operator()<GradientMask::kRecomputed, false>();
    case GradientMask::kFromOutput:
      return two ? function.template operator()<GradientMask::kFromOutput, true>()
                 : function.template operator()<GradientMask::kFromOutput, false>();
  }
}

void gradient_sums(const GradientSlab& slab, size_t rows, float* sum, float* dot) {
  dispatch(slab, [&]<GradientMask kMask, bool kTwo>() {
    gradient_sums_of<kMask, kTwo>(slab, rows, sum, dot);
  });
}

void gradient_apply(const GradientSlab& slab, size_t rows, const float* k1, const float* k0,
                    const float* addend, float* dx, bool stream) {
  dispatch(slab, [&]<GradientMask kMask, bool kTwo>() {
    gradient_apply_of<kMask, kTwo>(slab, rows, k1, k0, addend, dx, stream);
  });
}

void add(const float* a, const float* b, float* dst, size_t count) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(dst + i, load(a + i) + load(b + i));
  for (; i < count; ++i) dst[i] = a[i] + b[i];
}

void relu(const float* x, float* y, size_t count) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(y + i, keep_positive(load(x + i)));
  for (; i < count; ++i) y[i] = x[i] < 0 ? 0 : x[i];
}

void relu_gradient(const float* y, const float* dy, float* dx, size_t count) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(dx + i, where_positive(load(y + i), load(dy + i)));
  for (; i < count; ++i) dx[i] = y[i] > 0 ? dy[i] : 0;
}

void leaky(const float* x, float* y, size_t rows, const float* slope) {
  const Row factor = load(slope);
  for (size_t r = 0; r < rows; ++r) {
    const Row value = load(x + r * kLanes);
    store(y + r * kLanes, value > kZero ? value : value * factor);
  }
}

float multiply_add(size_t iterations) {
  Row sums[12];
  const Row factor = kZero + 0.999F, addend = kZero + 0.001F;
  for (Row& sum : sums) sum = kZero;
  for (size_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (Row& sum : sums) sum = sum * factor + addend;
  }
  Row total = kZero;
  for (const Row& sum : sums) total += sum;
  return total[0];
}

}  // namespace

const VectorKernels ORTHRUS_KERNELS = {
    .name = ORTHRUS_ISA,
    .sums = sums,
    .scale_shift = scale_shift,
    .gradient_sums = gradient_sums,
    .gradient_apply = gradient_apply,
    .add = add,
    .relu = relu,
    .relu_gradient = relu_gradient,
    .multiply_add = multiply_add,
    .leaky = leaky,
};

}  // namespace orthrus::cpu
