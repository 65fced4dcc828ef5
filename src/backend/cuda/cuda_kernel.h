// What the GPU's kernels share: remembering the buffers of each step.
#pragma once

#include <vector>

#include "backend/cuda/cuda_backend.h"

namespace orthrus::cuda {

class CudaKernel : public Kernel {
 public:
  void bind(int step, const StepBuffers& buffers) override {
    bound_.resize(steps_.size());
    bound_[static_cast<size_t>(step)] = buffers;
  }

 protected:
  CudaKernel(CudaBackend& backend, const KernelRequest& request) : backend_(backend) {
    inputs_ = request.inputs;
    output_ = request.output;
  }
  [[nodiscard]] const StepBuffers& buffers(int step) const {
    return bound_[static_cast<size_t>(step)];
  }
  [[nodiscard]] cudaStream_t stream() const { return backend_.stream(); }

  CudaBackend& backend_;

 private:
  std::vector<StepBuffers> bound_;
};

}  // namespace orthrus::cuda
