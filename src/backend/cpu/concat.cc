// Concat along the channels: one copy per input and picture, in channel blocks where every input
// fills whole blocks, else row-major.
#include <algorithm>
#include <cstring>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"

namespace orthrus::cpu {

namespace {

class ConcatKernel : public CpuKernel {
 public:
  ConcatKernel(CpuBackend& backend, const KernelRequest& request) : CpuKernel(backend, request) {
    const bool blocked = std::ranges::all_of(inputs_, [&](const BufferDesc& desc) {
      return desc.shape.rank() == 4 && desc.shape[1] % backend.channel_block() == 0 &&
             backend.block_of(desc) == backend.channel_block();
    });
    for (BufferDesc& input : inputs_) input = blocked ? input : plain_desc(input.shape);
    output_ = blocked ? backend.blocked(output_.shape) : plain_desc(output_.shape);
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
    const int64_t images = output_.shape[0];
    const size_t out_bytes = output_.size_bytes / static_cast<size_t>(images);
#pragma omp parallel for schedule(static)
    for (int64_t image = 0; image < images; ++image) {
      const auto n = static_cast<size_t>(image);
      std::byte* joined = (step == 0 ? at.output : at.output_gradient) + n * out_bytes;
      for (size_t i = 0; i < inputs_.size(); ++i) {
        const size_t bytes = inputs_[i].size_bytes / static_cast<size_t>(images);
        if (step == 0) {
          std::memcpy(joined, at.inputs[i] + n * bytes, bytes);
        } else if (at.input_gradients[i] != nullptr) {
          std::memcpy(at.input_gradients[i] + n * bytes, joined, bytes);
        }
        joined += bytes;
      }
    }
  }
};

}  // namespace

std::unique_ptr<Kernel> make_concat(Backend& backend, const KernelRequest& request, Refusal&) {
  return std::make_unique<ConcatKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
