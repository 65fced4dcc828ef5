// Program: what compiling a graph gives, before and after memory is laid out: kernels, buffers with
// their lifetimes, and a flat list of steps. Built by ProgramBuilder, executed by Plan.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace orthrus {

inline constexpr int kNoBuffer = -1;

// Buffers, steps and nodes are numbered with int, and stand in vectors.
[[nodiscard]] constexpr size_t at(int number) {
  return static_cast<size_t>(number);
}

enum class Storage {
  kArena,      // shares memory with buffers that live at other times
  kPersistent  // parameters, inputs, outputs, kept values: memory of its own
};

struct Buffer {
  std::string name;
  BufferDesc desc;
  Storage storage = Storage::kArena;
  // Shares the memory of that buffer: an alias, or written in place. Lifetimes and addresses are
  // those of the last buffer of such a chain.
  int merged_into = kNoBuffer;
  int first_step = -1;  // -1: not used by any step
  int last_step = -1;
  std::byte* address = nullptr;
};

enum class StepKind { kKernel, kReorder, kSum, kMix, kGradientReady };

// The buffers in the slots of a kernel; kNoBuffer where a slot is absent.
struct KernelSlots {
  std::vector<int> inputs, saved, input_gradients, input_gradient_addends;
  int output = kNoBuffer;
  int output_gradient = kNoBuffer;
  int output_gradient2 = kNoBuffer;

  [[nodiscard]] int operator[](const Slot& slot) const;
};

struct Step {
  StepKind kind = StepKind::kKernel;
  int node = 0;  // of the graph
  int scratch = kNoBuffer;
  // kKernel: index into kernel->steps(), and what it works on.
  int kernel_step = 0;
  KernelSlots slots;
  // kReorder: source, destination; kSum: two sources, destination; kMix: as many
  // sources as outputs, destination; kGradientReady: gradient.
  std::vector<int> operands;
  std::unique_ptr<Reorder> reorder;
  int parameter = -1;  // kGradientReady: index into Program::parameters
};

struct ProgramParameter {
  int node = 0;
  int buffer = kNoBuffer;
  bool trainable = false;
};

struct Program {
  Graph graph;                                    // only what the outputs need
  std::vector<std::unique_ptr<Kernel>> kernels;   // by node; null for variables
  std::vector<std::string_view> candidate_names;  // by node
  std::vector<Buffer> buffers;
  std::vector<Step> steps;
  int first_backward_step = 0;
  std::vector<ProgramParameter> parameters;        // in graph order
  std::map<std::string, int, std::less<>> inputs;  // buffers of inputs, labels, sample weights
  std::vector<int> outputs;                        // plain buffers of the graph's outputs
  std::vector<int> output_gradients;               // kNoBuffer for a loss or in inference
  std::map<std::string, int, std::less<>> input_gradients;
  std::map<std::string, int, std::less<>> kept;
  std::vector<std::string> refusals;
};

// The buffer whose memory that one has: itself, or the last of its chain of merges.
[[nodiscard]] int root_of(const Program& program, int buffer);

// Buffers that a step reads and writes; used for lifetimes, listings and checks.
struct StepAccess {
  std::vector<int> reads;
  std::vector<int> writes;
};
[[nodiscard]] StepAccess access_of(const Program& program, const Step& step);

}  // namespace orthrus
