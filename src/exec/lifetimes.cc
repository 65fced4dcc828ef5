#include "exec/lifetimes.h"

namespace orthrus {
namespace {

void merge(Program& program, int read, int written, int step) {
  if (read == kNoBuffer || written == kNoBuffer) return;
  const int source = root_of(program, read), destination = root_of(program, written);
  if (source == destination) return;
  Buffer& from = program.buffers[at(source)];
  Buffer& to = program.buffers[at(destination)];
  const bool possible = from.storage == Storage::kArena && to.storage == Storage::kArena &&
                        from.last_step == step && to.first_step == step &&
                        from.desc.size_bytes >= to.desc.size_bytes;
  if (!possible) return;
  to.merged_into = source;
  from.last_step = to.last_step;
}

}  // namespace

void find_lifetimes(Program& program) {
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const StepAccess access = access_of(program, program.steps[s]);
    for (const std::vector<int>* list : {&access.reads, &access.writes}) {
      for (const int id : *list) {
        Buffer& buffer = program.buffers[at(root_of(program, id))];
        if (buffer.first_step < 0) buffer.first_step = static_cast<int>(s);
        buffer.last_step = static_cast<int>(s);
      }
    }
  }
}

void merge_in_place(Program& program) {
  for (size_t s = 0; s < program.steps.size(); ++s) {
    const Step& step = program.steps[s];
    const int number = static_cast<int>(s);
    if (step.kind == StepKind::kSum) {
      merge(program, step.operands[0], step.operands[2], number);
      merge(program, step.operands[1], step.operands[2], number);
    }
    if (step.kind != StepKind::kKernel) continue;
    const Kernel& kernel = *program.kernels[at(step.node)];
    for (const auto& [read, written] : kernel.steps()[at(step.kernel_step)].in_place) {
      merge(program, step.slots[read], step.slots[written], number);
    }
  }
}

}  // namespace orthrus
