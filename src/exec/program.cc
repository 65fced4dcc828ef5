#include "exec/program.h"

#include <utility>

namespace orthrus {

int KernelSlots::operator[](const Slot& slot) const {
  const auto index = static_cast<size_t>(slot.index);
  switch (slot.kind) {
    case SlotKind::kInput:
      return inputs[index];
    case SlotKind::kOutput:
      return output;
    case SlotKind::kSaved:
      return saved[index];
    case SlotKind::kOutputGradient:
      return output_gradient;
    case SlotKind::kOutputGradient2:
      return output_gradient2;
    case SlotKind::kInputGradient:
      return input_gradients[index];
    case SlotKind::kInputGradientAddend:
      return input_gradient_addends[index];
  }
  return kNoBuffer;
}

int root_of(const Program& program, int buffer) {
  while (program.buffers[at(buffer)].merged_into != kNoBuffer) {
    buffer = program.buffers[at(buffer)].merged_into;
  }
  return buffer;
}

StepAccess access_of(const Program& program, const Step& step) {
  StepAccess access;
  const auto note = [](std::vector<int>& list, int buffer) {
    if (buffer != kNoBuffer) list.push_back(buffer);
  };
  switch (step.kind) {
    case StepKind::kKernel: {
      const Kernel& kernel = *program.kernels[static_cast<size_t>(step.node)];
      const KernelStep& what = kernel.steps()[static_cast<size_t>(step.kernel_step)];
      for (const Slot& slot : what.reads) note(access.reads, step.slots[slot]);
      for (const Slot& slot : what.writes) note(access.writes, step.slots[slot]);
      break;
    }
    case StepKind::kReorder:
      access.reads = {step.operands[0]};
      access.writes = {step.operands[1]};
      break;
    case StepKind::kSum:
      access.reads = {step.operands[0], step.operands[1]};
      access.writes = {step.operands[2]};
      break;
    case StepKind::kMix:
      access.reads.assign(step.operands.begin(), step.operands.end() - 1);
      access.writes = {step.operands.back()};
      break;
    case StepKind::kGradientReady:
      access.reads = {step.operands[0]};
      break;
  }
  note(access.writes, step.scratch);
  return access;
}

}  // namespace orthrus
