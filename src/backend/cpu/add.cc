// Add in the type and layout of its first input that is not row-major; the gradient passes through
// to every input unchanged.
#include <algorithm>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"

namespace orthrus::cpu {

namespace {

class AddKernel : public CpuKernel {
 public:
  AddKernel(CpuBackend& backend, const KernelRequest& request) : CpuKernel(backend, request) {
    const auto arranged = std::ranges::find_if(inputs_, [&](const BufferDesc& desc) {
      return !desc.layout.plain() && backend.block_of(desc) > 0;
    });
    output_ = arranged != inputs_.end() ? *arranged : plain_desc(output_.shape);
    std::ranges::fill(inputs_, output_);
    implementation_ = std::string("own:") + backend.vectors().name +
                      (output_.dtype == DType::kBF16 ? ":bf16" : "");
    passes_gradient_through_ = true;
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    for (int i = 0; i < static_cast<int>(inputs_.size()); ++i) {
      forward.reads.push_back({SlotKind::kInput, i});
    }
    forward.writes = {{SlotKind::kOutput}};
    // The sum grows from left to right, so only the first two inputs may be written over.
    forward.in_place.push_back({{SlotKind::kInput, 0}, {SlotKind::kOutput}});
    if (inputs_.size() == 2)
      forward.in_place.push_back({{SlotKind::kInput, 1}, {SlotKind::kOutput}});
    forward.flops =
        static_cast<double>(output_.shape.elements()) * static_cast<double>(inputs_.size() - 1);
    steps_.push_back(std::move(forward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    backend_.add(output_, at.inputs[0], at.inputs[1], at.output);
    for (size_t i = 2; i < at.inputs.size(); ++i) {
      backend_.add(output_, at.output, at.inputs[i], at.output);
    }
  }
};

}  // namespace

std::unique_ptr<Kernel> make_add(Backend& backend, const KernelRequest& request, Refusal& refusal) {
  if (request.inputs.size() < 2) {
    refusal = "fewer than two inputs";
    return nullptr;
  }
  return std::make_unique<AddKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
