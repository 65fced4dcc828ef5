// Plan: a graph compiled for one batch shape, one backend and one set of trainable parameters. It
// owns the parameters in the layouts that its kernels want, one arena for everything else, and a
// flat list of steps. While it runs nothing is allocated and nothing is looked up by name.
//
// All of it lies in the memory of the backend's device. Inputs, outputs, kept values and their
// gradients are handed over as the processor sees them; parameters and their gradients are not:
// where the device is no host, only its functions may be given their addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "graph/graph.h"
#include "tensor/tensor.h"

namespace orthrus {

// What backward needs of forward: kept, or computed again. The results are the same bytes.
enum class MemoryMode {
  kFast,  // everything is kept
  kAuto,  // outputs of BatchNorm+ReLU are rebuilt from the convolutions' outputs
  kLean,  // convolutions' outputs too, from the last value that cannot be rebuilt: the sum at which
          // a residual unit ends. Forward is computed nearly twice.
};
[[nodiscard]] MemoryMode memory_mode_named(std::string_view name);  // "fast", "auto", "lean"

struct PlanOptions {
  bool training = false;  // batch statistics, dropout, backward
  // Which parameters get a gradient; empty function: all. Backward stops at the lowest of them.
  std::function<bool(std::string_view name)> trainable;
  // Names of inputs whose gradient is wanted too (tests, gradients at shared features).
  std::vector<std::string> input_gradients;
  MemoryMode memory = MemoryMode::kAuto;
  // Extra values (by layer name) to keep readable after forward, in plain layout.
  std::vector<std::string> keep;
  // Name of a layer that several heads read, an output of the graph each: its gradient is what the
  // mixer of backward() makes of theirs. Empty: none.
  std::string mixed_gradients = {};
  // Memory that the plan may take; 0: what the device can still give.
  size_t memory_limit_bytes = 0;
  // Every backward() is given a sink that starts the same work on the device, whatever the step:
  // then a device may record it with the first steps and repeat it without calling the sink.
  bool same_sink = false;
};

// A parameter or running statistic as the plan holds it: float32, in its kernel's layout. Padding
// is zero and stays zero under any element-wise update whose gradient is zero there.
struct PlanParameter {
  std::string name;
  bool trainable = false;  // false for auxiliaries and frozen parameters
  double lr_mult = 1;
  double wd_mult = -1;
  std::span<float> values;
};

// Called during backward as soon as the gradient of parameters()[index] is complete. The gradient
// is valid during the call only; `values` of the parameter may be changed.
using GradientSink = std::function<void(int index, std::span<const float> gradient)>;

// Called once during backward with the gradients of PlanOptions::mixed_gradients, one for each
// head, in the order of the outputs, as the layer's plain values; writes what goes further back.
using GradientMixer =
    std::function<void(std::span<const std::span<const float>> gradients, std::span<float> mixed)>;

// One line of the plan's listing.
struct StepInfo {
  std::string layer;
  std::string op;
  std::string step;  // "forward", "backward_data", "reorder", "sum", ...
  std::string implementation;
  std::string layouts;  // "nChw16c,OIhw16i16o -> nChw16c"
  double flops = 0;
  size_t bytes = 0;  // read and written
};

// A buffer of the arena, for listings.
struct BufferInfo {
  std::string name;  // of the layer or value, "...:gradient", "...:saved0", "scratch"
  size_t size_bytes = 0;
  int first_step = 0, last_step = 0;  // lines of listing()
};

struct PlanMemory {
  size_t parameter_bytes = 0;    // and running statistics
  size_t persistent_bytes = 0;   // those, and inputs and outputs
  size_t arena_bytes = 0;        // activations, gradients, scratch
  size_t lower_bound_bytes = 0;  // most bytes alive at one step: no arena can be smaller
};

class Plan {
 public:
  // `input_shapes`: shapes of the graph's inputs (and labels where they cannot be deduced) by name;
  // the first number of each is the batch size. Throws kInput on shapes that contradict each other,
  // kResource when memory does not suffice, with the batch size for which it would.
  Plan(const Graph& graph, const std::map<std::string, Shape>& input_shapes, Backend& backend,
       const PlanOptions& options);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // Copies parameters and running statistics in; every one must be there in the right shape
  // (throws kInput naming all that are missing, or layer, got and expected shape).
  void load_parameters(const NamedTensors& parameters);
  // Copies them out, float32 in row-major order (existing entries of that name are replaced).
  void store_parameters(NamedTensors& parameters) const;
  [[nodiscard]] std::span<const PlanParameter> parameters() const;
  [[nodiscard]] Device& device() const;
  // Buffers of the device laid out like parameters()[index].values (momentum, moving averages) to
  // and from row-major float32 tensors of the parameter's shape.
  [[nodiscard]] Tensor to_canonical(int index, std::span<const std::byte> values) const;
  void from_canonical(int index, const Tensor& tensor, std::span<std::byte> values) const;

  // Float buffers in row-major order, valid for the life of the plan. Elements are doubles when the
  // backend computes in double: then use the byte spans. Asking for an input says that it will be
  // written before the next forward() or backward(), which is when a device of its own gets it; the
  // outputs of the last forward() must have been asked for by then. Asking for an output waits for
  // it.
  [[nodiscard]] bool has_input(std::string_view name) const;
  [[nodiscard]] std::span<std::byte> input_bytes(std::string_view name);
  [[nodiscard]] std::span<float> input(std::string_view name);
  [[nodiscard]] std::span<const std::byte> output_bytes(int index) const;
  [[nodiscard]] std::span<const float> output(int index) const;
  [[nodiscard]] const Shape& output_shape(int index) const;
  [[nodiscard]] std::span<const float> kept(std::string_view layer) const;
  // Gradient of an output that is no loss: to be written before backward().
  [[nodiscard]] std::span<std::byte> output_gradient_bytes(int index);
  [[nodiscard]] std::span<const std::byte> input_gradient_bytes(std::string_view name) const;

  // From now on adds the seconds of every step that runs to `seconds`, an entry per line of
  // listing(); null: no longer.
  void measure_steps(std::vector<double>* seconds);

  void forward(const StepContext& context);
  // Without a mixer gradients are added up. A mixer needs a backend that computes in float32.
  // `other_sink`: the sink does other work than PlanOptions::same_sink promises, so this call
  // neither records nor uses a recording; the gradients are the same bytes.
  void backward(const StepContext& context, const GradientSink& sink,
                const GradientMixer& mixer = {}, bool other_sink = false);

  // Name of the first layer whose output, or of the first parameter whose value, is not finite when
  // the last forward() is repeated; empty when all are finite. Slow; for diagnosis.
  [[nodiscard]] std::string find_non_finite(const StepContext& context);

  [[nodiscard]] std::vector<StepInfo> listing() const;
  [[nodiscard]] PlanMemory memory() const;
  // What lies in the arena at the step where most of it is taken, largest first.
  [[nodiscard]] std::vector<BufferInfo> fullest_step_buffers() const;
  // Layers that run on `ref` although the backend is another one.
  [[nodiscard]] std::vector<std::string> reference_layers() const;
  // "layer: candidate refused: reason" for every candidate that was passed over.
  [[nodiscard]] const std::vector<std::string>& refusals() const;
  // Identity of the chosen kernels and layouts.
  [[nodiscard]] uint64_t hash() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orthrus
