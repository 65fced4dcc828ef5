// What the processor's kernels share: remembering the buffers of each step, and seeing an
// activation as slabs, whatever its layout.
#pragma once

#include <cstdint>
#include <vector>

#include "backend/cpu/cpu_backend.h"

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

inline float* floats(std::byte* address) {
  return reinterpret_cast<float*>(address);
}

// Offset of an address that may be absent.
inline const float* floats_at(std::byte* address, int64_t offset) {
  return address == nullptr ? nullptr : reinterpret_cast<const float*>(address) + offset;
}

// An activation (N,C) or (N,C,H,W), plain or in channel blocks, as N x groups slabs of contiguous
// floats: `rows` rows of 16 and `tail` more. Channel c of the network is lane c % block of group
// c / block.
struct Slabs {
  int64_t images = 0;
  int64_t channels = 0;
  int64_t block = 1;  // channels per group
  int64_t groups = 0;
  int64_t size = 0;  // floats per slab
  size_t rows = 0;   // size / 16
  size_t tail = 0;   // size % 16

  [[nodiscard]] int64_t offset(int64_t image, int64_t group) const {
    return (image * groups + group) * size;
  }
};

// `desc` must be plain or blocked (backend.block_of(desc) > 0).
[[nodiscard]] Slabs slabs_of(const CpuBackend& backend, const BufferDesc& desc);

// The layout in which an element-wise kernel takes `desc`: as it is when it is made of slabs, else
// plain.
[[nodiscard]] BufferDesc slab_layout(const CpuBackend& backend, const BufferDesc& desc);

}  // namespace orthrus::cpu
