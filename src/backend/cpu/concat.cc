// Concat along the channels: one copy per input and picture, in channel blocks where every input
// fills whole blocks, else row-major; or one per input and pixel where the channels are last.
#include <algorithm>
#include <cstring>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"

namespace orthrus::cpu {

namespace {

class ConcatKernel : public CpuKernel {
 public:
  ConcatKernel(CpuBackend& backend, const KernelRequest& request) : CpuKernel(backend, request) {
    const bool as_made = std::ranges::all_of(inputs_, [&](const BufferDesc& desc) {
      return desc.shape.rank() == 4 && desc == backend.activation(desc.shape) &&
             desc.shape[1] % backend.block_of(desc) == 0;
    });
    for (BufferDesc& input : inputs_) input = as_made ? input : plain_desc(input.shape);
    output_ = backend.like(inputs_[0], output_.shape);
    runs_ = output_.shape[0];
    if (backend.is_channels_last(output_)) runs_ *= output_.shape.elements(2);
    implementation_ = "own:memcpy";
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    for (int i = 0; i < static_cast<int>(inputs_.size()); ++i) {
      forward.reads.push_back({SlotKind::kInput, i});
      if (request.input_gradients[static_cast<size_t>(i)]) {
        backward.writes.push_back({SlotKind::kInputGradient, i});
      }
    }
    forward.writes = {{SlotKind::kOutput}};
    backward.reads = {{SlotKind::kOutputGradient}};
    steps_.push_back(std::move(forward));
    if (request.any_gradient()) steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const size_t out_bytes = output_.size_bytes / static_cast<size_t>(runs_);
#pragma omp parallel for schedule(static)
    for (int64_t run = 0; run < runs_; ++run) {
      const auto n = static_cast<size_t>(run);
      std::byte* joined = (step == 0 ? at.output : at.output_gradient) + n * out_bytes;
      for (size_t i = 0; i < inputs_.size(); ++i) {
        const size_t bytes = inputs_[i].size_bytes / static_cast<size_t>(runs_);
        if (step == 0) {
          std::memcpy(joined, at.inputs[i] + n * bytes, bytes);
        } else if (at.input_gradients[i] != nullptr) {
          std::memcpy(at.input_gradients[i] + n * bytes, joined, bytes);
        }
        joined += bytes;
      }
    }
  }

 private:
  int64_t runs_;  // of bytes that belong together in every buffer
};

}  // namespace

std::unique_ptr<Kernel> make_concat(Backend& backend, const KernelRequest& request, Refusal&) {
  return std::make_unique<ConcatKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
