// The contract between a plan (src/exec) and the code that computes (src/backend/*).
//
// A Kernel computes one node of a graph: forward, and backward where gradients are wanted. It is
// made once, when a plan is compiled, and tells the plan
//   - the layouts in which it wants its inputs and delivers its outputs (the plan inserts
//   reorders),
//   - what it saves between forward and backward,
//   - its steps: what each reads and writes, so that the plan can find out how long every buffer
//   must
//     live and lay all of them into one arena.
// Then the plan binds each step to its buffers, once, and afterwards only runs steps.
//
// Buffers of a gradient have the layout of the value that they belong to: the gradient of input i
// has the layout of inputs()[i], the gradient of the output that of output().
//
// Example: a convolution has the steps forward (reads kInput 0, 1; writes kOutput), backward_data
// (reads kOutputGradient, kInput 1; writes kInputGradient 0) and backward_weights (reads
// kOutputGradient, kInput 0; writes kInputGradient 1). Since backward_data does not read kInput 0,
// the picture may be gone by then, unless backward_weights still needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "tensor/tensor.h"

namespace orthrus {

// How the elements of a buffer are arranged: 0 is dense row-major, every other number is known to
// the backend that issued it alone.
struct Layout {
  int id = 0;
  [[nodiscard]] bool plain() const { return id == 0; }
  bool operator==(const Layout&) const = default;
};

// What a buffer holds. size_bytes includes the padding that a layout may add; padded elements are
// always zero.
struct BufferDesc {
  Shape shape;
  DType dtype = DType::kF32;
  Layout layout;
  size_t size_bytes = 0;
  bool operator==(const BufferDesc&) const = default;
};

[[nodiscard]] BufferDesc plain_desc(const Shape& shape, DType dtype = DType::kF32);

// What a kernel is made for.
struct KernelRequest {
  const Node& node;
  std::vector<BufferDesc> inputs;     // as their producers deliver them; parameters are plain here
  BufferDesc output;                  // plain; a kernel may choose another layout
  bool training = false;              // batch statistics, dropout
  std::vector<bool> input_gradients;  // whose gradients are wanted; all false: forward only

  [[nodiscard]] bool any_gradient() const;
};

enum class Phase { kForward, kRecompute, kBackward };

enum class SlotKind {
  kInput,           // inputs()[index]
  kOutput,          // output()
  kSaved,           // saved()[index], from forward to backward
  kOutputGradient,  // of output(); absent (null) for a loss
  // A second addend of the output's gradient; absent unless takes_two_output_gradients().
  kOutputGradient2,
  kInputGradient,  // of inputs()[index]; absent where it is not wanted
  // To be added to the gradient of inputs()[index] while it is written; absent unless
  // adds_to_input_gradient(index).
  kInputGradientAddend,
};

struct Slot {
  SlotKind kind = SlotKind::kInput;
  int index = 0;
  bool operator==(const Slot&) const = default;
};

struct KernelStep {
  std::string name;  // "forward", "backward_data", ...
  Phase phase = Phase::kForward;
  std::vector<Slot> reads;
  std::vector<Slot> writes;
  // Pairs {read, write} that may be one and the same buffer, unless that buffer is read through
  // another slot too that is not in a pair with the same write.
  std::vector<std::pair<Slot, Slot>> in_place;
  size_t scratch_bytes = 0;
  double flops = 0;                 // for listings: multiply and add count as two
  std::string implementation = {};  // for listings; empty: the kernel's
};

// The addresses of one step's slots; null where absent.
struct StepBuffers {
  std::vector<std::byte*> inputs;
  std::byte* output = nullptr;
  std::vector<std::byte*> saved;
  std::byte* output_gradient = nullptr;
  std::byte* output_gradient2 = nullptr;
  std::vector<std::byte*> input_gradients;
  std::vector<std::byte*> input_gradient_addends;
  std::byte* scratch = nullptr;
};

// What changes from step to step of a training.
struct StepContext {
  uint64_t seed = 0;  // of the run
  uint64_t step = 0;  // number of the optimizer step, from 0
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  [[nodiscard]] const std::vector<BufferDesc>& inputs() const { return inputs_; }
  [[nodiscard]] const BufferDesc& output() const { return output_; }
  [[nodiscard]] const std::vector<BufferDesc>& saved() const { return saved_; }
  [[nodiscard]] const std::vector<KernelStep>& steps() const { return steps_; }
  // For listings: which implementation this is, e.g. "ref" or "jit_wino_4x3:avx512_core".
  [[nodiscard]] const std::string& implementation() const { return implementation_; }

  [[nodiscard]] bool takes_two_output_gradients() const { return takes_two_output_gradients_; }
  [[nodiscard]] bool adds_to_input_gradient(int index) const {
    return adds_to_input_gradient_.size() > static_cast<size_t>(index) &&
           adds_to_input_gradient_[static_cast<size_t>(index)];
  }
  // True when the output is input 0's buffer seen under another shape; such a kernel has no steps,
  // and the gradient passes through unchanged.
  [[nodiscard]] bool is_alias() const { return is_alias_; }
  // True when the gradient of every input is the gradient of the output, unchanged.
  [[nodiscard]] bool passes_gradient_through() const { return passes_gradient_through_; }

  // Ties a step to its buffers; called once per step, before run(). `step` indexes steps(). One
  // step may be bound several times over the life of a kernel (the last call counts).
  virtual void bind(int step, const StepBuffers& buffers) = 0;
  virtual void run(int step, const StepContext& context) = 0;

 protected:
  Kernel() = default;

  // Filled by the constructor of the concrete kernel, constant afterwards.
  std::vector<BufferDesc> inputs_;
  BufferDesc output_;
  std::vector<BufferDesc> saved_;
  std::vector<KernelStep> steps_;
  std::string implementation_;
  bool takes_two_output_gradients_ = false;
  std::vector<bool> adds_to_input_gradient_;
  bool is_alias_ = false;
  bool passes_gradient_through_ = false;
};

}  // namespace orthrus
