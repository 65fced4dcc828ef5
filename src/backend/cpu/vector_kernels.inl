// Body of vector_kernels_{baseline,avx2,avx512,avx512_bf16}.cc; see vector_kernels.h. The includer
// defines ORTHRUS_KERNELS (the table's name) and ORTHRUS_ISA (its text).
#include <stddef.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "backend/cpu/vector_kernels.h"

namespace orthrus::cpu {

namespace {

typedef float Row __attribute__((vector_size(64)));
typedef float UnalignedRow __attribute__((vector_size(64), aligned(4), may_alias));
typedef unsigned int Bits __attribute__((vector_size(64)));
typedef unsigned short Half __attribute__((vector_size(32)));
typedef unsigned short UnalignedHalf __attribute__((vector_size(32), aligned(2), may_alias));

inline Row load(const float* address) {
  return *reinterpret_cast<const UnalignedRow*>(address);
}
inline void store(float* address, Row row) {
  *reinterpret_cast<UnalignedRow*>(address) = row;
}

inline Half rounded(Row row) {
#if defined(__AVX512BF16__)
  return reinterpret_cast<Half>(_mm512_cvtneps_pbh(reinterpret_cast<__m512>(row)));
#else
  const Bits bits = reinterpret_cast<Bits>(row);
  const Bits nearest = (bits + (0x7FFFU + ((bits >> 16) & 1U))) >> 16;
  const Bits quiet_nan = (bits >> 16) | 0x40U;
  const Bits is_nan = reinterpret_cast<Bits>((bits & 0x7FFFFFFFU) > 0x7F800000U);
  return __builtin_convertvector((is_nan & quiet_nan) | (~is_nan & nearest), Half);
#endif
}

inline Row load(const BFloat16* address) {
  const Half half = *reinterpret_cast<const UnalignedHalf*>(address);
  return reinterpret_cast<Row>(__builtin_convertvector(half, Bits) << 16);
}
inline void store(BFloat16* address, Row row) {
  *reinterpret_cast<UnalignedHalf*>(address) = rounded(row);
}

#if defined(__AVX512F__)
inline void store_past_caches(float* address, Row row) {
  _mm512_stream_ps(address, reinterpret_cast<__m512>(row));
}
inline void store_past_caches(BFloat16* address, Row row) {
  _mm256_stream_si256(reinterpret_cast<__m256i*>(address), reinterpret_cast<__m256i>(rounded(row)));
}
inline void fence() {
  _mm_sfence();
}
#else
template <typename T>
inline void store_past_caches(T* address, Row row) {
  store(address, row);
}
inline void fence() {}
#endif

constexpr Row kZero = {};

inline Row keep_positive(Row row) {
  return row < kZero ? kZero : row;
}  // keeps NaN
inline Row where_positive(Row condition, Row value) {
  return condition > kZero ? value : kZero;
}

// Calls function(first) for each of `count` elements: whole rows by T*, what is left one by one in
// rows of their own.
template <typename T, typename Function>
inline void for_elements(size_t count, Function function) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) function(i, kLanes);
  if (i < count) function(i, count - i);
}
template <typename T>
inline Row load_some(const T* address, size_t count) {
  if (count == kLanes) return load(address);
  T row[kLanes] = {};
  for (size_t i = 0; i < count; ++i) row[i] = address[i];
  return load(row);
}
template <typename T>
inline void store_some(T* address, Row value, size_t count) {
  if (count == kLanes) return store(address, value);
  T row[kLanes];
  store(row, value);
  for (size_t i = 0; i < count; ++i) address[i] = row[i];
}

// Per-channel numbers: held in a register when every row has the same, else read row by row.
template <bool kOne>
struct Numbers {
  const float* address;
  Row first;
  explicit Numbers(const float* from) : address(from), first(load(from)) {}
  Row at(size_t place) const {
    if constexpr (kOne) return first;
    return load(address + place);
  }
};

// Sums per lane, added to what stands at `address`. With one row of channels four accumulators hide
// the latency of an addition.
template <bool kOne>
struct Sums {
  float* address;
  Row part[4] = {};
  explicit Sums(float* to) : address(to) {}
  void add(size_t row, size_t place, Row value) {
    if constexpr (kOne) {
      part[row % 4] += value;
    } else {
      store(address + place, load(address + place) + value);
    }
  }
  void finish() {
    if constexpr (kOne) {
      store(address, load(address) + ((part[0] + part[1]) + (part[2] + part[3])));
    }
  }
};

// Calls function(row, place) for all rows; `place` is where the row's per-channel numbers begin.
template <bool kOne, typename Function>
inline void for_rows(size_t rows, size_t period, Function function) {
  if constexpr (kOne) {
    for (size_t r = 0; r < rows; ++r) function(r, 0);
  } else {
    for (size_t begin = 0; begin < rows; begin += period) {
      const size_t end = begin + period < rows ? begin + period : rows;
      for (size_t r = begin; r < end; ++r) function(r, (r - begin) * kLanes);
    }
  }
}

template <bool kOne, typename T, typename Function>
inline void write_rows(T* dst, size_t rows, size_t period, bool stream, Function row_at) {
  if (stream) {
    for_rows<kOne>(rows, period, [&](size_t r, size_t place) {
      store_past_caches(dst + r * kLanes, row_at(r * kLanes, place));
    });
    fence();
  } else {
    for_rows<kOne>(rows, period, [&](size_t r, size_t place) {
      store(dst + r * kLanes, row_at(r * kLanes, place));
    });
  }
}

template <bool kOne, typename T>
void sums_of(const T* x, size_t rows, size_t period, const float* pivot, float* sum,
             float* square) {
  const Numbers<kOne> offset(pivot);
  Sums<kOne> s(sum), q(square);
  for_rows<kOne>(rows, period, [&](size_t r, size_t place) {
    const Row value = load(x + r * kLanes) - offset.at(place);
    s.add(r, place, value);
    q.add(r, place, value * value);
  });
  s.finish();
  q.finish();
}

template <typename T>
void sums(const T* x, size_t rows, size_t period, const float* pivot, float* sum, float* square) {
  (period == 1 ? sums_of<true, T> : sums_of<false, T>)(x, rows, period, pivot, sum, square);
}

template <bool kOne, bool kRelu, typename T>
void scale_shift_of(const T* x, const T* residual, T* y, size_t rows, size_t period,
                    const float* scale, const float* shift, bool stream) {
  const Numbers<kOne> a(scale), b(shift);
  const auto finished = [](Row row) { return kRelu ? keep_positive(row) : row; };
  if (residual != nullptr) {
    write_rows<kOne>(y, rows, period, stream, [&](size_t i, size_t place) {
      return finished(load(x + i) * a.at(place) + b.at(place) + load(residual + i));
    });
  } else {
    write_rows<kOne>(y, rows, period, stream, [&](size_t i, size_t place) {
      return finished(load(x + i) * a.at(place) + b.at(place));
    });
  }
}

template <typename T>
void scale_shift(const T* x, const T* residual, T* y, size_t rows, size_t period,
                 const float* scale, const float* shift, bool relu, bool stream) {
  const auto function =
      period == 1 ? (relu ? scale_shift_of<true, true, T> : scale_shift_of<true, false, T>)
                  : (relu ? scale_shift_of<false, true, T> : scale_shift_of<false, false, T>);
  function(x, residual, y, rows, period, scale, shift, stream);
}

// The gradient at row i, after the sum of its addends and the mask.
template <GradientMask kMask, bool kTwo, typename T>
inline Row gradient_at(const GradientSlab<T>& slab, size_t i, Row x, Row a, Row b) {
  Row g = load(slab.dy + i);
  if constexpr (kTwo) g += load(slab.dy2 + i);
  if constexpr (kMask == GradientMask::kRecomputed) g = where_positive(x * a + b, g);
  if constexpr (kMask == GradientMask::kFromOutput) g = where_positive(load(slab.y + i), g);
  return g;
}

template <GradientMask kMask, bool kTwo, bool kOne, typename T>
void gradient_sums_of(const GradientSlab<T>& slab, size_t rows, size_t period, float* sum,
                      float* dot) {
  const Numbers<kOne> mean(slab.mean), a(slab.scale), b(slab.shift);
  Sums<kOne> s(sum), d(dot);
  for_rows<kOne>(rows, period, [&](size_t r, size_t place) {
    const size_t i = r * kLanes;
    const Row x = load(slab.x + i);
    const Row g = gradient_at<kMask, kTwo>(slab, i, x, a.at(place), b.at(place));
    if (slab.masked != nullptr) store(slab.masked + i, g);
    s.add(r, place, g);
    d.add(r, place, g * (x - mean.at(place)));
  });
  s.finish();
  d.finish();
}

template <GradientMask kMask, bool kTwo, bool kOne, typename T>
void gradient_apply_of(const GradientSlab<T>& slab, size_t rows, size_t period, const float* k1,
                       const float* k0, const T* addend, T* dx, bool stream) {
  const Numbers<kOne> a(slab.scale), b(slab.shift), factor(k1), constant(k0);
  const auto row_at = [&](size_t i, size_t place) {
    const Row x = load(slab.x + i);
    const Row g = gradient_at<kMask, kTwo>(slab, i, x, a.at(place), b.at(place));
    return a.at(place) * g + (x * factor.at(place) + constant.at(place));
  };
  if (addend != nullptr) {
    write_rows<kOne>(dx, rows, period, stream,
                     [&](size_t i, size_t place) { return row_at(i, place) + load(addend + i); });
  } else {
    write_rows<kOne>(dx, rows, period, stream, row_at);
  }
}

// Calls function.template operator()<mask, two, one>() for the slab's mask and number of addends,
// and for one or several rows of channels.
template <typename T, typename Function>
inline void dispatch(const GradientSlab<T>& slab, size_t period, Function function) {
  const auto with_mask = [&]<GradientMask kMask>() {
    if (period == 1) {
      slab.dy2 != nullptr ? function.template operator()<kMask, true, true>()
                          : function.template operator()<kMask, false, true>();
    } else {
      slab.dy2 != nullptr ? function.template operator()<kMask, true, false>()
                          : function.template operator()<kMask, false, false>();
    }
  };
  switch (slab.mask) {
    case GradientMask::kNone:
      return with_mask.template operator()<GradientMask::kNone>();
    case GradientMask::kRecomputed:
      return with_mask.template operator()<GradientMask::kRecomputed>();
    case GradientMask::kFromOutput:
      return with_mask.template operator()<GradientMask::kFromOutput>();
  }
}

template <typename T>
void gradient_sums(const GradientSlab<T>& slab, size_t rows, size_t period, float* sum,
                   float* dot) {
  dispatch(slab, period, [&]<GradientMask kMask, bool kTwo, bool kOne>() {
    gradient_sums_of<kMask, kTwo, kOne>(slab, rows, period, sum, dot);
  });
}

template <typename T>
void gradient_apply(const GradientSlab<T>& slab, size_t rows, size_t period, const float* k1,
                    const float* k0, const T* addend, T* dx, bool stream) {
  dispatch(slab, period, [&]<GradientMask kMask, bool kTwo, bool kOne>() {
    gradient_apply_of<kMask, kTwo, kOne>(slab, rows, period, k1, k0, addend, dx, stream);
  });
}

template <typename T>
void add(const T* a, const T* b, T* dst, size_t count) {
  for_elements<T>(count, [=](size_t i, size_t some) {
    store_some(dst + i, load_some(a + i, some) + load_some(b + i, some), some);
  });
}

template <typename T>
void relu(const T* x, T* y, size_t count) {
  for_elements<T>(count, [=](size_t i, size_t some) {
    store_some(y + i, keep_positive(load_some(x + i, some)), some);
  });
}

template <typename T>
void relu_gradient(const T* y, const T* dy, T* dx, size_t count) {
  for_elements<T>(count, [=](size_t i, size_t some) {
    store_some(dx + i, where_positive(load_some(y + i, some), load_some(dy + i, some)), some);
  });
}

template <typename From, typename To>
void convert(const From* src, To* dst, size_t count) {
  for_elements<From>(
      count, [=](size_t i, size_t some) { store_some(dst + i, load_some(src + i, some), some); });
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

template <typename T>
constexpr ActivationKernels<T> activation_kernels() {
  return {.sums = sums<T>,
          .scale_shift = scale_shift<T>,
          .gradient_sums = gradient_sums<T>,
          .gradient_apply = gradient_apply<T>,
          .add = add<T>,
          .relu = relu<T>,
          .relu_gradient = relu_gradient<T>};
}

}  // namespace

const VectorKernels ORTHRUS_KERNELS = {
    .name = ORTHRUS_ISA,
    .f32 = activation_kernels<float>(),
    .bf16 = activation_kernels<BFloat16>(),
    .multiply_add = multiply_add,
    .leaky = leaky,
    .widen = convert<BFloat16, float>,
    .narrow = convert<float, BFloat16>,
};

}  // namespace orthrus::cpu
