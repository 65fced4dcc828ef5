#include "exec/lifetimes.h"

#include <algorithm>

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

// Whether a step uses the memory of its slot `read` through another slot too, whose values it would
// lose by writing `written` over it. Two slots share memory where a graph has one edge twice, and
// where a layer between them is an alias.
bool is_used_twice(const Program& program, const Step& step, const KernelStep& what,
                   const Slot& read, const Slot& written) {
  if (step.slots[read] == kNoBuffer) return false;
  const int root = root_of(program, step.slots[read]);
  const auto shares = [&](const Slot& other) {
    return step.slots[other] != kNoBuffer && root_of(program, step.slots[other]) == root;
  };
  const auto endangered = [&](const Slot& other) {  // by being written over
    const bool allowed =
        std::ranges::find(what.in_place, std::pair(other, written)) != what.in_place.end();
    return other != read && !allowed && shares(other);
  };
  const auto overwrites = [&](const Slot& other) { return other != written && shares(other); };
  return std::ranges::any_of(what.reads, endangered) ||
         std::ranges::any_of(what.writes, overwrites);
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
    const KernelStep& what = program.kernels[at(step.node)]->steps()[at(step.kernel_step)];
    for (const auto& [read, written] : what.in_place) {
      if (is_used_twice(program, step, what, read, written)) continue;
      merge(program, step.slots[read], step.slots[written], number);
    }
  }
}

}  // namespace orthrus
