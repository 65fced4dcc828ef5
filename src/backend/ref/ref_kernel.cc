#include "backend/ref/ref_kernel.h"

#include <fmt/format.h>

namespace orthrus {

KernelStep forward_step(const KernelRequest& request, double flops) {
  KernelStep step{.name = "forward",
                  .phase = Phase::kForward,
                  .reads = {},
                  .writes = {{SlotKind::kOutput, 0}},
                  .in_place = {},
                  .scratch_bytes = 0,
                  .flops = flops};
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    step.reads.push_back({SlotKind::kInput, static_cast<int>(i)});
  }
  return step;
}

Refusal ref_refusal(const KernelRequest& request, int differentiable) {
  const DType type = request.output.dtype;
  if (type != DType::kF32 && type != DType::kF64) {
    return fmt::format("ref computes in f32 or f64, not in {}", name_of(type));
  }
  for (const BufferDesc& input : request.inputs) {
    if (input.dtype != type && (type != DType::kF32 || input.dtype != DType::kBF16)) {
      return fmt::format("ref takes inputs of the output's type {}, got {}", name_of(type),
                         name_of(input.dtype));
    }
  }
  for (size_t i = static_cast<size_t>(differentiable); i < request.input_gradients.size(); ++i) {
    if (request.input_gradients[i]) return fmt::format("input {} has no gradient", i);
  }
  return {};
}

}  // namespace orthrus
