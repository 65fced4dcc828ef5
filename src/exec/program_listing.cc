#include "exec/program_listing.h"

#include <string>
#include <utility>

namespace orthrus {

namespace {

std::string step_name(const Program& program, const Step& step) {
  switch (step.kind) {
    case StepKind::kKernel:
      return program.kernels[at(step.node)]->steps()[at(step.kernel_step)].name;
    case StepKind::kReorder:
      return "reorder";
    case StepKind::kSum:
      return "sum";
    case StepKind::kMix:
      return "mix";
    case StepKind::kGradientReady:
      return "update";
  }
  return {};
}

}  // namespace

std::vector<StepInfo> list_steps(const Program& program, const Backend& backend) {
  std::vector<StepInfo> lines;
  for (const Step& step : program.steps) {
    const StepAccess access = access_of(program, step);
    StepInfo info{.layer = program.graph.node(step.node).name,
                  .op = std::string(op_name(program.graph.node(step.node).op)),
                  .step = step_name(program, step)};
    std::string written;
    for (const auto& [list, text] :
         {std::pair(&access.reads, &info.layouts), std::pair(&access.writes, &written)}) {
      for (const int buffer : *list) {
        if (buffer == step.scratch) continue;
        const BufferDesc& desc = program.buffers[at(buffer)].desc;
        *text += (text->empty() ? "" : ",") + backend.layout_name(desc);
        info.bytes += desc.size_bytes;
      }
    }
    if (!written.empty()) info.layouts += " -> " + written;
    if (step.kind == StepKind::kKernel) {
      const Kernel& kernel = *program.kernels[at(step.node)];
      const KernelStep& what = kernel.steps()[at(step.kernel_step)];
      info.implementation =
          what.implementation.empty() ? kernel.implementation() : what.implementation;
      info.flops = what.flops;
    }
    lines.push_back(std::move(info));
  }
  return lines;
}

}  // namespace orthrus
