// Convolution by oneDNN: Winograd's algorithm (float32, 3x3, stride 1), direct in the type and
// layout of the backend's activations, direct in float32 and channel blocks, and whatever oneDNN
// has for row-major activations.
//
// In float32 the parameter lives in the layout that forward wants; where backward wants another
// one, its step reorders through scratch (under half a percent of a step, while a second copy would
// cost the memory of all weights). In bf16 the parameter is float32 in the layout in which its
// gradient comes, and every step that reads it rounds it into scratch, in its own layout. In
// inference it is bf16 from the start.
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <optional>

#include "backend/cpu/candidates.h"
#include "backend/cpu/convolution_choice.h"
#include "backend/cpu/cpu_kernel.h"
#include "backend/cpu/dnnl_step.h"
#include "backend/cpu/kernel_timing.h"
#include "base/threads.h"

namespace orthrus::cpu {

namespace {

using dnnl::memory;

double flops_of(const KernelRequest& request) {
  const auto& op = std::get<Convolution>(request.node.op);
  const Shape& in = request.inputs[0].shape;
  return 2.0 * static_cast<double>(request.output.shape.elements()) *
         static_cast<double>(in[1] / op.num_group * op.kernel.h * op.kernel.w);
}

std::optional<size_t> residual_of(const KernelRequest& request) {
  const auto& op = std::get<Convolution>(request.node.op);
  if (!op.fused_add) return std::nullopt;
  return static_cast<size_t>(op.residual_input());
}

class ConvolutionKernel : public CpuKernel {
 public:
  ConvolutionKernel(CpuBackend& backend, const KernelRequest& request, ConvolutionDirections chosen)
      : CpuKernel(backend, request),
        chosen_(std::move(chosen)),
        has_bias_(std::get<Convolution>(request.node.op).has_bias),
        residual_(residual_of(request)),
        weights_(parameter_desc(request, chosen_)) {
    inputs_[0] = backend.describe(chosen_.forward.src_desc(), request.inputs[0].shape);
    inputs_[1] = backend.describe(weights_, request.inputs[1].shape);
    output_ = backend.describe(chosen_.forward.dst_desc(), request.output.shape);
    if (residual_) inputs_[*residual_] = output_;
    implementation_ = chosen_.forward.impl_info_str();
    describe_forward(request, flops_of(request));
    if (chosen_.weights) describe_weights(request, flops_of(request));
    if (chosen_.data) describe_data(flops_of(request));
  }

  void bind(int step, const StepBuffers& buffers) override {
    CpuKernel::bind(step, buffers);
    if (step == forward_step_) bind_forward(forward_, buffers);
    if (step == rebuild_step_) {
      rebuild_ = forward_;
      bind_forward(rebuild_, buffers);
    }
    if (step == weights_step_) bind_weights(buffers);
    if (step == data_step_) bind_data(buffers);
  }

  void run(int step, const StepContext&) override {
    if (step == forward_step_) {
      if (residual_) copy_residual(buffers(step));
      forward_.run(backend_);
    }
    if (step == rebuild_step_) rebuild_.run(backend_);
    if (step == weights_step_) {
      backward_weights_.run(backend_);
      if (reorders_gradient()) gradient_reorder_.run(backend_);
    }
    if (step == data_step_) {
      if (reorders_weights()) weights_reorder_.run(backend_);
      if (reorders_destination()) destination_reorder_.run(backend_);
      backward_data_.run(backend_);
      if (reorders_source()) source_reorder_.run(backend_);
    }
  }

 private:
  // The convolution, and before it the weights' way into its layout and type where they live in
  // another.
  struct Forward {
    std::optional<DnnlStep> conversion;
    DnnlStep convolution;

    void run(CpuBackend& backend) {
      if (conversion) conversion->run(backend);
      convolution.run(backend);
    }
  };

  // As the parameter lives in the plan.
  static memory::desc parameter_desc(const KernelRequest& request,
                                     const ConvolutionDirections& chosen) {
    const memory::desc forward = chosen.forward.weights_desc();
    if (forward.data_type() == memory::data_type::f32) return forward;
    if (chosen.weights) return chosen.weights.diff_weights_desc();
    const bool may_be_stored = request.training || request.any_gradient();
    return may_be_stored ? plain_memory_desc(forward.dims()) : forward;
  }

  // oneDNN adds to what the destination holds already.
  void copy_residual(const StepBuffers& at) const {
    const std::byte* residual = at.inputs[*residual_];
    if (residual == at.output) return;
    parallel_for(static_cast<int64_t>(output_.size_bytes), [&](int64_t begin, int64_t end) {
      std::memcpy(at.output + begin, residual + begin, static_cast<size_t>(end - begin));
    });
  }

  bool converts_weights() const { return chosen_.forward.weights_desc() != weights_; }
  bool reorders_gradient() const { return chosen_.weights.diff_weights_desc() != weights_; }
  bool reorders_weights() const { return chosen_.data.weights_desc() != weights_; }
  bool reorders_destination() const {
    return chosen_.data.diff_dst_desc() != chosen_.forward.dst_desc();
  }
  bool reorders_source() const {
    return chosen_.data.diff_src_desc() != chosen_.forward.src_desc();
  }

  int add_step(KernelStep step) {
    steps_.push_back(std::move(step));
    return static_cast<int>(steps_.size()) - 1;
  }

  void describe_forward(const KernelRequest& request, double flops) {
    KernelStep step{.name = "forward", .phase = Phase::kForward};
    step.reads = {{SlotKind::kInput, 0}, {SlotKind::kInput, 1}};
    if (has_bias_) step.reads.push_back({SlotKind::kInput, 2});
    step.writes = {{SlotKind::kOutput}};
    if (residual_) {
      const Slot residual{SlotKind::kInput, static_cast<int>(*residual_)};
      step.reads.push_back(residual);
      step.in_place = {{residual, {SlotKind::kOutput}}};
    }
    forward_scratch_ = aligned_size(chosen_.forward.scratchpad_desc());
    step.scratch_bytes = forward_scratch_;
    if (converts_weights()) step.scratch_bytes += aligned_size(chosen_.forward.weights_desc());
    step.flops = flops;
    if (request.any_gradient()) {  // a plan may compute the output again in backward
      KernelStep again = step;
      again.name = "rebuild";
      again.phase = Phase::kRecompute;
      rebuild_step_ = add_step(std::move(again));
    }
    forward_step_ = add_step(std::move(step));
    forward_.convolution = DnnlStep(dnnl::convolution_forward(chosen_.forward));
    if (converts_weights()) {
      forward_.conversion = reorder_step(weights_, chosen_.forward.weights_desc());
    }
  }

  // Before backward_data, so that the input's activation may go before its gradient comes.
  void describe_weights(const KernelRequest& request, double flops) {
    wants_weights_ = request.input_gradients[1];
    wants_bias_ = has_bias_ && request.input_gradients[2];
    KernelStep step{.name = "backward_weights", .phase = Phase::kBackward};
    step.reads = {{SlotKind::kInput, 0}, {SlotKind::kOutputGradient}};
    if (wants_weights_) step.writes.push_back({SlotKind::kInputGradient, 1});
    if (wants_bias_) step.writes.push_back({SlotKind::kInputGradient, 2});
    primitive_scratch_ = aligned_size(chosen_.weights.scratchpad_desc());
    // Behind the primitive's scratch: the gradient in its own layout, and a bias that nobody wants.
    unordered_ = !wants_weights_ || reorders_gradient()
                     ? aligned_size(chosen_.weights.diff_weights_desc())
                     : 0;
    step.scratch_bytes = primitive_scratch_ + unordered_;
    if (has_bias_ && !wants_bias_) {
      step.scratch_bytes += aligned_size(chosen_.weights.diff_bias_desc());
    }
    step.flops = flops;
    step.implementation = chosen_.weights.impl_info_str();
    weights_step_ = add_step(std::move(step));
    backward_weights_ = DnnlStep(dnnl::convolution_backward_weights(chosen_.weights));
    if (reorders_gradient()) {
      gradient_reorder_ = reorder_step(chosen_.weights.diff_weights_desc(), weights_);
    }
  }

  void describe_data(double flops) {
    KernelStep step{.name = "backward_data", .phase = Phase::kBackward};
    step.reads = {{SlotKind::kInput, 1}, {SlotKind::kOutputGradient}};
    step.writes = {{SlotKind::kInputGradient, 0}};
    // Behind the primitive's scratch: what it wants, or delivers, in a layout of its own.
    data_scratch_ = aligned_size(chosen_.data.scratchpad_desc());
    data_weights_ = reorders_weights() ? aligned_size(chosen_.data.weights_desc()) : 0;
    data_destination_ = reorders_destination() ? aligned_size(chosen_.data.diff_dst_desc()) : 0;
    const size_t source = reorders_source() ? aligned_size(chosen_.data.diff_src_desc()) : 0;
    step.scratch_bytes = data_scratch_ + data_weights_ + data_destination_ + source;
    step.flops = flops;
    step.implementation = chosen_.data.impl_info_str();
    data_step_ = add_step(std::move(step));
    backward_data_ = DnnlStep(dnnl::convolution_backward_data(chosen_.data));
    if (reorders_weights()) weights_reorder_ = reorder_step(weights_, chosen_.data.weights_desc());
    if (reorders_destination()) {
      destination_reorder_ = reorder_step(chosen_.forward.dst_desc(), chosen_.data.diff_dst_desc());
    }
    if (reorders_source()) {
      source_reorder_ = reorder_step(chosen_.data.diff_src_desc(), chosen_.forward.src_desc());
    }
  }

  DnnlStep reorder_step(const memory::desc& from, const memory::desc& to) {
    return DnnlStep(dnnl::reorder(
        dnnl::reorder::primitive_desc(backend_.engine(), from, backend_.engine(), to)));
  }

  void bind_forward(Forward& forward, const StepBuffers& at) {
    std::byte* weights = at.inputs[1];
    if (converts_weights()) {
      weights = at.scratch + forward_scratch_;
      forward.conversion->bind(backend_, {{DNNL_ARG_FROM, weights_, at.inputs[1]},
                                          {DNNL_ARG_TO, chosen_.forward.weights_desc(), weights}});
    }
    std::vector<DnnlArgument> arguments = {
        {DNNL_ARG_SRC, chosen_.forward.src_desc(), at.inputs[0]},
        {DNNL_ARG_WEIGHTS, chosen_.forward.weights_desc(), weights},
        {DNNL_ARG_DST, chosen_.forward.dst_desc(), at.output},
        {DNNL_ARG_SCRATCHPAD, chosen_.forward.scratchpad_desc(), at.scratch}};
    if (has_bias_) arguments.push_back({DNNL_ARG_BIAS, chosen_.forward.bias_desc(), at.inputs[2]});
    forward.convolution.bind(backend_, arguments);
  }

  void bind_weights(const StepBuffers& at) {
    const dnnl::convolution_backward_weights::primitive_desc& desc = chosen_.weights;
    std::byte* own = at.scratch == nullptr ? nullptr : at.scratch + primitive_scratch_;
    std::byte* gradient = unordered_ > 0 ? own : at.input_gradients[1];
    std::vector<DnnlArgument> arguments = {
        {DNNL_ARG_SRC, desc.src_desc(), at.inputs[0]},
        {DNNL_ARG_DIFF_DST, desc.diff_dst_desc(), at.output_gradient},
        {DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc(), gradient},
        {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc(), at.scratch}};
    if (has_bias_) {
      std::byte* bias = wants_bias_ ? at.input_gradients[2] : own + unordered_;
      arguments.push_back({DNNL_ARG_DIFF_BIAS, desc.diff_bias_desc(), bias});
    }
    backward_weights_.bind(backend_, arguments);
    if (wants_weights_ && reorders_gradient()) {
      gradient_reorder_.bind(backend_, {{DNNL_ARG_FROM, desc.diff_weights_desc(), gradient},
                                        {DNNL_ARG_TO, weights_, at.input_gradients[1]}});
    }
  }

  void bind_data(const StepBuffers& at) {
    const dnnl::convolution_backward_data::primitive_desc& desc = chosen_.data;
    std::byte* weights = at.inputs[1];
    std::byte* gradient = at.output_gradient;
    std::byte* result = at.input_gradients[0];
    if (reorders_weights()) {
      weights = at.scratch + data_scratch_;
      weights_reorder_.bind(backend_, {{DNNL_ARG_FROM, weights_, at.inputs[1]},
                                       {DNNL_ARG_TO, desc.weights_desc(), weights}});
    }
    if (reorders_destination()) {
      gradient = at.scratch + data_scratch_ + data_weights_;
      destination_reorder_.bind(backend_,
                                {{DNNL_ARG_FROM, chosen_.forward.dst_desc(), at.output_gradient},
                                 {DNNL_ARG_TO, desc.diff_dst_desc(), gradient}});
    }
    if (reorders_source()) {
      result = at.scratch + data_scratch_ + data_weights_ + data_destination_;
      source_reorder_.bind(backend_,
                           {{DNNL_ARG_FROM, desc.diff_src_desc(), result},
                            {DNNL_ARG_TO, chosen_.forward.src_desc(), at.input_gradients[0]}});
    }
    backward_data_.bind(backend_, {{DNNL_ARG_WEIGHTS, desc.weights_desc(), weights},
                                   {DNNL_ARG_DIFF_DST, desc.diff_dst_desc(), gradient},
                                   {DNNL_ARG_DIFF_SRC, desc.diff_src_desc(), result},
                                   {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc(), at.scratch}});
  }

  ConvolutionDirections chosen_;
  bool has_bias_;
  std::optional<size_t> residual_;  // number of the input
  memory::desc weights_;            // as the parameter lives
  bool wants_weights_ = false, wants_bias_ = false;
  int forward_step_ = -1, rebuild_step_ = -1, weights_step_ = -1, data_step_ = -1;
  size_t forward_scratch_ = 0, primitive_scratch_ = 0, unordered_ = 0;
  size_t data_scratch_ = 0, data_weights_ = 0, data_destination_ = 0;
  Forward forward_, rebuild_;
  DnnlStep backward_weights_, backward_data_;
  DnnlStep gradient_reorder_, weights_reorder_, destination_reorder_, source_reorder_;
};

std::unique_ptr<Kernel> make(CpuBackend& backend, const KernelRequest& request,
                             const memory::desc& src, const memory::desc& dst, bool winograd,
                             Refusal& refusal) {
  ConvolutionDirections chosen;
  refusal = choose_convolution(backend, request, src, dst, winograd, chosen);
  if (!refusal.empty()) return nullptr;
  return std::make_unique<ConvolutionKernel>(backend, request, std::move(chosen));
}

// A picture of up to three channels stays row-major before kernels that work in channel blocks,
// since padding it to a whole block would multiply the work.
memory::desc source_desc(CpuBackend& backend, const Shape& shape, const BufferDesc& arranged) {
  if (shape[1] > 3 || backend.is_channels_last(arranged)) return backend.memory_desc(arranged);
  return plain_memory_desc(dims_of(shape), backend.memory_desc(arranged).data_type());
}

std::unique_ptr<Kernel> make_blocked(CpuBackend& backend, const KernelRequest& request,
                                     bool winograd, Refusal& refusal) {
  const Shape& in = request.inputs[0].shape;
  return make(backend, request, source_desc(backend, in, backend.blocked(in)),
              backend.memory_desc(backend.blocked(request.output.shape)), winograd, refusal);
}

// Why Winograd's algorithm is out of the question; empty: it is not.
Refusal why_not_winograd(const CpuBackend& cpu, const KernelRequest& request) {
  const auto& op = std::get<Convolution>(request.node.op);
  if (cpu.options().activations != DType::kF32) return "float32 only";
  if (!cpu.options().winograd) return "switched off";
  if (op.kernel != Pair{3, 3} || op.stride != Pair{1, 1} || op.dilate != Pair{1, 1}) {
    return "not 3x3 with stride 1";
  }
  if (op.num_group != 1) return "grouped";
  return {};
}

// What a choice between algorithms depends on, beside the machine.
std::string problem_text(const KernelRequest& request) {
  const auto& op = std::get<Convolution>(request.node.op);
  const Shape& in = request.inputs[0].shape;
  std::string wanted;
  for (const bool gradient : request.input_gradients) wanted += gradient ? '1' : '0';
  return fmt::format("conv3x3 {}x{}x{}x{} to {} pad {},{}{}{}{} gradients {}", in[0], in[1], in[2],
                     in[3], op.num_filter, op.pad.h, op.pad.w, op.has_bias ? " bias" : "",
                     op.fused_add ? " add" : "", op.fused_relu ? " relu" : "", wanted);
}

// Directions of a choice as text: 'w' for Winograd's algorithm, 'd' for the direct one.
constexpr std::array<const char*, 3> kDirections = {"forward", "backward_data", "backward_weights"};

std::string measured_choice(CpuBackend& cpu, const KernelRequest& request,
                            const ConvolutionDirections& tiled,
                            const ConvolutionDirections& direct) {
  ChoiceCache& cache = cpu.measured_choices();
  const std::string problem = problem_text(request);
  std::optional<std::string> known = cache.find(problem);
  if (known && known->size() == kDirections.size() &&
      known->find_first_not_of("wd") == std::string::npos) {
    return *known;
  }
  ConvolutionKernel with_tiles(cpu, request, tiled), without(cpu, request, direct);
  const auto tiled_seconds = measure_steps(with_tiles, request);
  const auto direct_seconds = measure_steps(without, request);
  std::string choice;
  for (const char* direction : kDirections) {
    const auto one = tiled_seconds.find(direction), other = direct_seconds.find(direction);
    const bool both = one != tiled_seconds.end() && other != direct_seconds.end();
    choice += !both || one->second <= other->second ? 'w' : 'd';
  }
  cache.remember(problem, choice);
  return choice;
}

}  // namespace

std::unique_ptr<Kernel> make_convolution_measured(Backend& backend, const KernelRequest& request,
                                                  Refusal& refusal) {
  CpuBackend& cpu = as_cpu(backend);
  refusal = cpu.options().autotune ? why_not_winograd(cpu, request) : "not asked for";
  if (!refusal.empty()) return nullptr;
  const Shape& in = request.inputs[0].shape;
  const memory::desc src = source_desc(cpu, in, cpu.blocked(in));
  const memory::desc dst = cpu.memory_desc(cpu.blocked(request.output.shape));
  ConvolutionDirections chosen, direct;
  refusal = choose_convolution(cpu, request, src, dst, true, chosen);
  if (refusal.empty()) refusal = choose_convolution(cpu, request, src, dst, false, direct);
  if (!refusal.empty()) return nullptr;
  const std::string choice = measured_choice(cpu, request, chosen, direct);
  if (choice[0] == 'd') chosen.forward = direct.forward;
  if (choice[1] == 'd') chosen.data = direct.data;
  if (choice[2] == 'd') chosen.weights = direct.weights;
  return std::make_unique<ConvolutionKernel>(cpu, request, std::move(chosen));
}

std::unique_ptr<Kernel> make_convolution_winograd(Backend& backend, const KernelRequest& request,
                                                  Refusal& refusal) {
  CpuBackend& cpu = as_cpu(backend);
  refusal = why_not_winograd(cpu, request);
  return refusal.empty() ? make_blocked(cpu, request, true, refusal) : nullptr;
}

std::unique_ptr<Kernel> make_convolution_direct(Backend& backend, const KernelRequest& request,
                                                Refusal& refusal) {
  CpuBackend& cpu = as_cpu(backend);
  const Shape& in = request.inputs[0].shape;
  return make(cpu, request, source_desc(cpu, in, cpu.activation(in)),
              cpu.memory_desc(cpu.activation(request.output.shape)), false, refusal);
}

std::unique_ptr<Kernel> make_convolution_blocked(Backend& backend, const KernelRequest& request,
                                                 Refusal& refusal) {
  CpuBackend& cpu = as_cpu(backend);
  if (cpu.activation(request.output.shape) == cpu.blocked(request.output.shape)) {
    refusal = "the same as direct";
    return nullptr;
  }
  return make_blocked(cpu, request, false, refusal);
}

std::unique_ptr<Kernel> make_convolution_plain(Backend& backend, const KernelRequest& request,
                                               Refusal& refusal) {
  return make(as_cpu(backend), request, plain_memory_desc(dims_of(request.inputs[0].shape)),
              plain_memory_desc(dims_of(request.output.shape)), false, refusal);
}

}  // namespace orthrus::cpu
