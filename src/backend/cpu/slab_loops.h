// The vector kernels over one whole slab: its full rows, then the elements that are left, which are
// copied out into a row of their own.
#pragma once

#include <algorithm>

#include "backend/cpu/cpu_kernel.h"

namespace orthrus::cpu {

template <typename T>
class SlabLoops {
 public:
  SlabLoops(const VectorKernels& vectors, const Slabs& slabs)
      : kernels_(kernels_of<T>(vectors)), slabs_(slabs) {}

  // `sums`: two arrays of lanes() floats, which start from zero.
  void sums(const T* x, const float* pivot, float* sums) const {
    float* squares = sums + slabs_.lanes();
    std::fill_n(sums, 2 * slabs_.lanes(), 0.0F);
    kernels_.sums(x, slabs_.rows, slabs_.period, pivot, sums, squares);
    // One element at a time: a row filled up with zeros would add the pivot.
    for (size_t i = 0; i < slabs_.tail; ++i) {
      const size_t place = slabs_.tail_place() + i;
      const float value = widened(x[done() + i]) - pivot[place];
      sums[place] += value;
      squares[place] += value * value;
    }
  }

  void scale_shift(const T* x, const T* residual, T* y, const float* scale, const float* shift,
                   bool relu, bool stream) const {
    kernels_.scale_shift(x, residual, y, slabs_.rows, slabs_.period, scale, shift, relu, stream);
    if (slabs_.tail == 0) return;
    TailRow row(x, slabs_), added(residual, slabs_), result;
    kernels_.scale_shift(row.values, residual != nullptr ? added.values : nullptr, result.values, 1,
                         1, scale + slabs_.tail_place(), shift + slabs_.tail_place(), relu, false);
    std::copy_n(result.values, slabs_.tail, y + done());
  }

  void gradient_sums(const GradientSlab<T>& slab, float* sums) const {
    float* dots = sums + slabs_.lanes();
    std::fill_n(sums, 2 * slabs_.lanes(), 0.0F);
    kernels_.gradient_sums(slab, slabs_.rows, slabs_.period, sums, dots);
    if (slabs_.tail == 0) return;
    GradientTail tail(slab, slabs_);
    kernels_.gradient_sums(tail.slab, 1, 1, sums + slabs_.tail_place(), dots + slabs_.tail_place());
    if (slab.masked != nullptr) std::copy_n(tail.masked.values, slabs_.tail, slab.masked + done());
  }

  void gradient_apply(const GradientSlab<T>& slab, const float* k1, const float* k0,
                      const T* addend, T* dx, bool stream) const {
    kernels_.gradient_apply(slab, slabs_.rows, slabs_.period, k1, k0, addend, dx, stream);
    if (slabs_.tail == 0) return;
    const GradientTail tail(slab, slabs_);
    const TailRow added(addend, slabs_);
    TailRow result;
    kernels_.gradient_apply(tail.slab, 1, 1, k1 + slabs_.tail_place(), k0 + slabs_.tail_place(),
                            addend != nullptr ? added.values : nullptr, result.values, false);
    std::copy_n(result.values, slabs_.tail, dx + done());
  }

 private:
  [[nodiscard]] size_t done() const { return slabs_.rows * kLanes; }

  // The last elements of a slab, filled up with zeros.
  struct TailRow {
    T values[kLanes] = {};
    TailRow() = default;
    TailRow(const T* from, const Slabs& slabs) {
      if (from != nullptr) std::copy_n(from + slabs.rows * kLanes, slabs.tail, values);
    }
  };

  // The same of all that a gradient reads.
  struct GradientTail {
    TailRow x, dy, dy2, y, masked;
    GradientSlab<T> slab;
    GradientTail(const GradientSlab<T>& from, const Slabs& slabs)
        : x(from.x, slabs), dy(from.dy, slabs), dy2(from.dy2, slabs), y(from.y, slabs), slab(from) {
      slab.x = x.values;
      slab.dy = dy.values;
      if (from.dy2 != nullptr) slab.dy2 = dy2.values;
      if (from.y != nullptr) slab.y = y.values;
      if (from.masked != nullptr) slab.masked = masked.values;
      slab.mean += slabs.tail_place();
      slab.scale += slabs.tail_place();
      slab.shift += slabs.tail_place();
    }
    GradientTail(const GradientTail&) = delete;
    GradientTail& operator=(const GradientTail&) = delete;
  };

  const ActivationKernels<T>& kernels_;
  Slabs slabs_;
};

}  // namespace orthrus::cpu
