// What the processor's kernels share: remembering the buffers of each step, and seeing an
// activation as slabs, whatever its layout and element type.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "tensor/dtype.h"

namespace orthrus::cpu {

class CpuKernel : public Kernel {
 public:
  void bind(int step, const StepBuffers& buffers) override {
    bound_.resize(steps_.size());
    bound_[static_cast<size_t>(step)] = buffers;
  }

 protected:
  CpuKernel(CpuBackend& backend, const KernelRequest& request) : backend_(backend) {
    inputs_ = request.inputs;
    output_ = request.output;
  }
  [[nodiscard]] const StepBuffers& buffers(int step) const {
    return bound_[static_cast<size_t>(step)];
  }

  CpuBackend& backend_;

 private:
  std::vector<StepBuffers> bound_;
};

template <typename T>
T* elements(std::byte* address) {
  return reinterpret_cast<T*>(address);
}
inline float* floats(std::byte* address) {
  return elements<float>(address);
}

// Offset of an address that may be absent.
template <typename T>
const T* elements_at(std::byte* address, int64_t offset) {
  return address == nullptr ? nullptr : elements<T>(address) + offset;
}

inline float widened(float value) {
  return value;
}
inline float widened(BFloat16 value) {
  return bf16_to_f32(value.bits);
}

// Rounded to the nearest, ties to even.
template <typename T>
T narrowed(float value);
template <>
inline float narrowed(float value) {
  return value;
}
template <>
inline BFloat16 narrowed(float value) {
  return {f32_to_bf16(value)};
}

template <typename T>
inline constexpr DType kDTypeIn = DType::kF32;
template <>
inline constexpr DType kDTypeIn<BFloat16> = DType::kBF16;

// Makes KernelT<float> or KernelT<BFloat16>, as the element type of the first input says.
template <template <typename> class KernelT>
std::unique_ptr<Kernel> make_for_elements(Backend& backend, const KernelRequest& request) {
  if (request.inputs[0].dtype == DType::kBF16) {
    return std::make_unique<KernelT<BFloat16>>(as_cpu(backend), request);
  }
  return std::make_unique<KernelT<float>>(as_cpu(backend), request);
}

// An activation (N,C) or (N,C,H,W) as pieces x groups slabs of contiguous elements: `rows` rows of
// 16 and `tail` more. Plain and in channel blocks a piece is a picture; channels last it is a
// picture or an equal part of one, and there is one group of all channels. Element i of a slab
// belongs to channel i % block of the group; rows repeat their channels every `period` rows.
struct Slabs {
  int64_t pieces = 0;
  int64_t channels = 0;
  int64_t block = 1;  // channels per group
  int64_t groups = 0;
  int64_t size = 0;  // elements per slab
  size_t rows = 0;   // size / 16
  size_t tail = 0;   // size % 16
  size_t period = 1;

  [[nodiscard]] int64_t offset(int64_t piece, int64_t group) const {
    return (piece * groups + group) * size;
  }
  // Numbers that a per-channel array of one group has when it is laid out for rows.
  [[nodiscard]] size_t lanes() const { return period * kLanes; }
  // Where the per-channel numbers of the tail begin.
  [[nodiscard]] size_t tail_place() const { return rows % period * kLanes; }
};

// `desc` must be plain, blocked or channels last (backend.block_of(desc) > 0).
[[nodiscard]] Slabs slabs_of(const CpuBackend& backend, const BufferDesc& desc);

// The description in which an element-wise kernel takes `desc`: as it is when it is made of slabs,
// else plain float32.
[[nodiscard]] BufferDesc slab_layout(const CpuBackend& backend, const BufferDesc& desc);

}  // namespace orthrus::cpu
