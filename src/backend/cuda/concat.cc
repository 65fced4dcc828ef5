// Concat along the channels of row-major float32: a copy of a strip per input.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"

namespace orthrus::cuda {
namespace {

class ConcatKernel : public CudaKernel {
 public:
  ConcatKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request), wants_(request.input_gradients) {
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    for (size_t i = 0; i < inputs_.size(); ++i) {
      inputs_[i] = plain_desc(inputs_[i].shape);
      forward.reads.push_back({SlotKind::kInput, static_cast<int>(i)});
      if (wants_[i]) backward.writes.push_back({SlotKind::kInputGradient, static_cast<int>(i)});
    }
    forward.writes = {{SlotKind::kOutput}};
    backward.reads = {{SlotKind::kOutputGradient}};
    implementation_ = "copy";
    steps_.push_back(std::move(forward));
    if (request.any_gradient()) steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const auto bytes = [](const Shape& shape) {
      return static_cast<size_t>(shape.elements(1)) * sizeof(float);
    };
    const size_t pitch = bytes(output_.shape);
    const auto rows = static_cast<size_t>(output_.shape[0]);
    size_t offset = 0;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const size_t width = bytes(inputs_[i].shape);
      if (step == 0) {
        copy(at.output + offset, pitch, at.inputs[i], width, width, rows);
      } else if (wants_[i]) {
        copy(at.input_gradients[i], width, at.output_gradient + offset, pitch, width, rows);
      }
      offset += width;
    }
  }

 private:
  void copy(std::byte* to, size_t to_pitch, const std::byte* from, size_t from_pitch, size_t width,
            size_t rows) const {
    check(cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, width, rows, cudaMemcpyDeviceToDevice,
                            stream()),
          "cudaMemcpy2DAsync");
  }

  std::vector<bool> wants_;
};

}  // namespace

std::unique_ptr<Kernel> make_concat(Backend& backend, const KernelRequest& request, Refusal&) {
  return std::make_unique<ConcatKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
