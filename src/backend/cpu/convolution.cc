// Convolution by oneDNN, in three ways: Winograd's algorithm (3x3, stride 1), direct in channel
// blocks, and whatever oneDNN has for row-major activations. The parameter lives in the layout that
// forward wants; where backward wants another one, its step reorders through scratch (under half a
// percent of a step, while a second copy would cost the memory of all weights).
#include <optional>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"
#include "backend/cpu/dnnl_step.h"

namespace orthrus::cpu {

namespace {

using dnnl::algorithm;
using dnnl::memory;
using ConvolutionForward = dnnl::convolution_forward;
using ConvolutionBackwardData = dnnl::convolution_backward_data;
using ConvolutionBackwardWeights = dnnl::convolution_backward_weights;

// The problem in oneDNN's terms.
struct Problem {
  memory::dims strides, dilates, pad_left, pad_right;
  memory::desc src, weights, bias, dst;  // weights: any layout
  bool has_bias = false;
};

memory::desc any_layout(const memory::dims& dims) {
  return {dims, memory::data_type::f32, memory::format_tag::any};
}

// Padding behind the last pixel that makes the output as large as the graph says; negative where
// the last pixels are not used.
memory::dim pad_behind(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t dilate,
                       int64_t pad) {
  return (out - 1) * stride + (kernel - 1) * dilate + 1 - in - pad;
}

Problem problem_of(const KernelRequest& request, const memory::desc& src, const memory::desc& dst) {
  const auto& op = std::get<Convolution>(request.node.op);
  const Shape& in = request.inputs[0].shape;
  const Shape& out = request.output.shape;
  Problem problem;
  problem.strides = {op.stride.h, op.stride.w};
  problem.dilates = {op.dilate.h - 1, op.dilate.w - 1};
  problem.pad_left = {op.pad.h, op.pad.w};
  problem.pad_right = {pad_behind(in[2], out[2], op.kernel.h, op.stride.h, op.dilate.h, op.pad.h),
                       pad_behind(in[3], out[3], op.kernel.w, op.stride.w, op.dilate.w, op.pad.w)};
  memory::dims weights = {op.num_filter, in[1] / op.num_group, op.kernel.h, op.kernel.w};
  if (op.num_group > 1) {
    weights[0] /= op.num_group;
    weights.insert(weights.begin(), op.num_group);
  }
  problem.src = src;
  problem.weights = any_layout(weights);
  problem.dst = dst;
  problem.has_bias = op.has_bias;
  if (op.has_bias) problem.bias = plain_memory_desc({op.num_filter});
  return problem;
}

ConvolutionForward::primitive_desc forward_desc(CpuBackend& backend, const Problem& p,
                                                algorithm how) {
  // forward_training even for inference: with forward_inference oneDNN 2.6 prefers row-major
  // kernels and, for Winograd, weights transformed beforehand.
  const auto kind = dnnl::prop_kind::forward_training;
  const ConvolutionForward::desc desc =
      p.has_bias ? ConvolutionForward::desc(kind, how, p.src, p.weights, p.bias, p.dst, p.strides,
                                            p.dilates, p.pad_left, p.pad_right)
                 : ConvolutionForward::desc(kind, how, p.src, p.weights, p.dst, p.strides,
                                            p.dilates, p.pad_left, p.pad_right);
  return {desc, with_user_scratch(), backend.engine(), true};
}

ConvolutionBackwardData::primitive_desc data_desc(CpuBackend& backend, const Problem& p,
                                                  algorithm how,
                                                  const ConvolutionForward::primitive_desc& hint) {
  const ConvolutionBackwardData::desc desc(how, p.src, p.weights, p.dst, p.strides, p.dilates,
                                           p.pad_left, p.pad_right);
  return {desc, with_user_scratch(), backend.engine(), hint, true};
}

ConvolutionBackwardWeights::primitive_desc weights_desc(
    CpuBackend& backend, const Problem& p, algorithm how,
    const ConvolutionForward::primitive_desc& hint) {
  const ConvolutionBackwardWeights::desc desc =
      p.has_bias ? ConvolutionBackwardWeights::desc(how, p.src, p.weights, p.bias, p.dst, p.strides,
                                                    p.dilates, p.pad_left, p.pad_right)
                 : ConvolutionBackwardWeights::desc(how, p.src, p.weights, p.dst, p.strides,
                                                    p.dilates, p.pad_left, p.pad_right);
  return {desc, with_user_scratch(), backend.engine(), hint, true};
}

// The gradient of a picture of three channels: in channel blocks oneDNN has plain loops alone for
// it, in row-major layout a matrix product.
ConvolutionBackwardData::primitive_desc row_major_data_desc(CpuBackend& backend, Problem problem) {
  problem.src = plain_memory_desc(problem.src.dims());
  problem.dst = plain_memory_desc(problem.dst.dims());
  const ConvolutionForward::primitive_desc hint =
      forward_desc(backend, problem, algorithm::convolution_direct);
  if (!hint) return {};
  return data_desc(backend, problem, algorithm::convolution_direct, hint);
}

// The primitives of all wanted directions; each Winograd where that exists, when `winograd`.
struct Directions {
  ConvolutionForward::primitive_desc forward;
  ConvolutionBackwardData::primitive_desc data;
  ConvolutionBackwardWeights::primitive_desc weights;
};

Refusal choose(CpuBackend& backend, const Problem& problem, const KernelRequest& request,
               bool winograd, Directions& chosen) {
  const ConvolutionForward::primitive_desc direct =
      forward_desc(backend, problem, algorithm::convolution_direct);
  if (!direct) return "oneDNN does not support this shape";
  ConvolutionForward::primitive_desc tiled;
  if (winograd) {
    tiled = forward_desc(backend, problem, algorithm::convolution_winograd);
    if (!tiled) return "oneDNN has no Winograd kernel for this shape";
  }
  chosen.forward = winograd ? tiled : direct;
  if (is_reference(chosen.forward.impl_info_str()))
    return "oneDNN has plain loops only for forward";
  if (!request.any_gradient()) return {};
  const algorithm how = winograd ? algorithm::convolution_winograd : algorithm::convolution_direct;
  const ConvolutionForward::primitive_desc& hint = chosen.forward;
  if (request.input_gradients[0]) {
    chosen.data = data_desc(backend, problem, how, hint);
    if (!chosen.data) {
      chosen.data = data_desc(backend, problem, algorithm::convolution_direct, direct);
    }
    if (!chosen.data || is_reference(chosen.data.impl_info_str())) {
      chosen.data = row_major_data_desc(backend, problem);
    }
    if (!chosen.data) return "oneDNN does not support the gradient of the data";
    if (is_reference(chosen.data.impl_info_str())) {
      return "oneDNN has plain loops only for the gradient of the data";
    }
  }
  if (request.input_gradients[1] || (problem.has_bias && request.input_gradients[2])) {
    chosen.weights = weights_desc(backend, problem, how, hint);
    if (!chosen.weights) {
      chosen.weights = weights_desc(backend, problem, algorithm::convolution_direct, direct);
    }
    if (!chosen.weights) return "oneDNN does not support the gradient of the weights";
    if (is_reference(chosen.weights.impl_info_str())) {
      return "oneDNN has plain loops only for the gradient of the weights";
    }
  }
  return {};
}

double flops_of(const KernelRequest& request) {
  const auto& op = std::get<Convolution>(request.node.op);
  const Shape& in = request.inputs[0].shape;
  return 2.0 * static_cast<double>(request.output.shape.elements()) *
         static_cast<double>(in[1] / op.num_group * op.kernel.h * op.kernel.w);
}

class ConvolutionKernel : public CpuKernel {
 public:
  ConvolutionKernel(CpuBackend& backend, const KernelRequest& request, Directions chosen)
      : CpuKernel(backend, request),
        chosen_(std::move(chosen)),
        has_bias_(std::get<Convolution>(request.node.op).has_bias),
        weights_(chosen_.forward.weights_desc()) {
    inputs_[0] = backend.describe(chosen_.forward.src_desc(), request.inputs[0].shape);
    inputs_[1] = backend.describe(weights_, request.inputs[1].shape);
    output_ = backend.describe(chosen_.forward.dst_desc(), request.output.shape);
    implementation_ = chosen_.forward.impl_info_str();
    describe_forward(flops_of(request));
    if (chosen_.weights) describe_weights(request, flops_of(request));
    if (chosen_.data) describe_data(flops_of(request));
  }

  void bind(int step, const StepBuffers& buffers) override {
    CpuKernel::bind(step, buffers);
    if (step == forward_step_) bind_forward(buffers);
    if (step == weights_step_) bind_weights(buffers);
    if (step == data_step_) bind_data(buffers);
  }

  void run(int step, const StepContext&) override {
    if (step == forward_step_) forward_.run(backend_);
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

  void describe_forward(double flops) {
    KernelStep step{.name = "forward", .phase = Phase::kForward};
    step.reads = {{SlotKind::kInput, 0}, {SlotKind::kInput, 1}};
    if (has_bias_) step.reads.push_back({SlotKind::kInput, 2});
    step.writes = {{SlotKind::kOutput}};
    step.scratch_bytes = aligned_size(chosen_.forward.scratchpad_desc());
    step.flops = flops;
    forward_step_ = add_step(std::move(step));
    forward_ = DnnlStep(ConvolutionForward(chosen_.forward));
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
    backward_weights_ = DnnlStep(ConvolutionBackwardWeights(chosen_.weights));
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
    backward_data_ = DnnlStep(ConvolutionBackwardData(chosen_.data));
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

  void bind_forward(const StepBuffers& at) {
    std::vector<DnnlArgument> arguments = {
        {DNNL_ARG_SRC, chosen_.forward.src_desc(), at.inputs[0]},
        {DNNL_ARG_WEIGHTS, weights_, at.inputs[1]},
        {DNNL_ARG_DST, chosen_.forward.dst_desc(), at.output},
        {DNNL_ARG_SCRATCHPAD, chosen_.forward.scratchpad_desc(), at.scratch}};
    if (has_bias_) arguments.push_back({DNNL_ARG_BIAS, chosen_.forward.bias_desc(), at.inputs[2]});
    forward_.bind(backend_, arguments);
  }

  void bind_weights(const StepBuffers& at) {
    const ConvolutionBackwardWeights::primitive_desc& desc = chosen_.weights;
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
    const ConvolutionBackwardData::primitive_desc& desc = chosen_.data;
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

  Directions chosen_;
  bool has_bias_;
  memory::desc weights_;  // as the parameter lives
  bool wants_weights_ = false, wants_bias_ = false;
  int forward_step_ = -1, weights_step_ = -1, data_step_ = -1;
  size_t primitive_scratch_ = 0, unordered_ = 0;
  size_t data_scratch_ = 0, data_weights_ = 0, data_destination_ = 0;
  DnnlStep forward_, backward_weights_, backward_data_;
  DnnlStep gradient_reorder_, weights_reorder_, destination_reorder_, source_reorder_;
};

std::unique_ptr<Kernel> make(CpuBackend& backend, const KernelRequest& request,
                             const memory::desc& src, const memory::desc& dst, bool winograd,
                             Refusal& refusal) {
  Directions chosen;
  refusal = choose(backend, problem_of(request, src, dst), request, winograd, chosen);
  if (!refusal.empty()) return nullptr;
  return std::make_unique<ConvolutionKernel>(backend, request, std::move(chosen));
}

// Source and destination in channel blocks; a picture of up to three channels stays row-major,
// since padding it to a whole block would multiply the work.
memory::desc blocked_source(CpuBackend& backend, const KernelRequest& request) {
  const Shape& shape = request.inputs[0].shape;
  if (shape[1] <= 3) return plain_memory_desc(dims_of(shape));
  return backend.memory_desc(backend.blocked(shape));
}

memory::desc blocked_destination(CpuBackend& backend, const KernelRequest& request) {
  return backend.memory_desc(backend.blocked(request.output.shape));
}

}  // namespace

std::unique_ptr<Kernel> make_convolution_winograd(Backend& backend, const KernelRequest& request,
                                                  Refusal& refusal) {
  CpuBackend& cpu = as_cpu(backend);
  const auto& op = std::get<Convolution>(request.node.op);
  if (!cpu.options().winograd) {
    refusal = "switched off";
  } else if (op.kernel != Pair{3, 3} || op.stride != Pair{1, 1} || op.dilate != Pair{1, 1}) {
    refusal = "not 3x3 with stride 1";
  } else if (op.num_group != 1) {
    refusal = "grouped";
  } else {
    return make(cpu, request, blocked_source(cpu, request), blocked_destination(cpu, request), true,
                refusal);
  }
  return nullptr;
}

std::unique_ptr<Kernel> make_convolution_blocked(Backend& backend, const KernelRequest& request,
                                                 Refusal& refusal) {
  CpuBackend& cpu = as_cpu(backend);
  return make(cpu, request, blocked_source(cpu, request), blocked_destination(cpu, request), false,
              refusal);
}

std::unique_ptr<Kernel> make_convolution_plain(Backend& backend, const KernelRequest& request,
                                               Refusal& refusal) {
  return make(as_cpu(backend), request, plain_memory_desc(dims_of(request.inputs[0].shape)),
              plain_memory_desc(dims_of(request.output.shape)), false, refusal);
}

}  // namespace orthrus::cpu
