// Convolution by cuDNN, channels last.
//
// In training the weights are float32 as they lie in memory; in bfloat16 forward rounds them into a
// copy that backward reads again, and their gradient is widened where cuDNN gives it in bfloat16
// only. In inference they are in the type of the pictures from the start.
#include "backend/cuda/candidates.h"
#include "backend/cuda/convolution_kernels.h"
#include "backend/cuda/convolution_plans.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/elementwise.h"

namespace orthrus::cuda {
namespace {

using Plan = std::shared_ptr<const ConvolutionPlan>;

size_t aligned(int64_t bytes) {
  return (static_cast<size_t>(bytes) + 255) / 256 * 256;
}

float* floats(std::byte* address) {
  return reinterpret_cast<float*>(address);
}

// The plans of all directions that a node asks for.
struct Directions {
  Plan forward;
  bool fused = false;  // forward takes bias, residual and ReLU along
  Plan data, weights;
  DType gradient_type = DType::kF32;  // of the weights' gradient as cuDNN gives it
};

class ConvolutionKernel : public CudaKernel {
 public:
  ConvolutionKernel(CudaBackend& backend, const KernelRequest& request, const BufferDesc& parameter,
                    Directions chosen)
      : CudaKernel(backend, request),
        op_(std::get<Convolution>(request.node.op)),
        chosen_(std::move(chosen)) {
    const DType type = backend.options().activations;
    inputs_[0] = backend.activation(request.inputs[0].shape);
    inputs_[1] = parameter;
    output_ = backend.activation(request.output.shape);
    if (op_.fused_add) inputs_[static_cast<size_t>(op_.residual_input())] = output_;
    weights_ = parameter;
    weights_.dtype = type;
    weights_.size_bytes = parameter.size_bytes / size_of(parameter.dtype) * size_of(type);
    rows_ = {.dtype = type,
             .rows = output_.shape[0] * output_.shape[2] * output_.shape[3],
             .padded = static_cast<int>(padded_channels(output_.shape[1])),
             .channels = static_cast<int>(output_.shape[1])};
    implementation_ = chosen_.forward->name;
    describe_steps(request);
  }

  void bind(int step, const StepBuffers& at) override {
    CudaKernel::bind(step, at);
    calls_.resize(steps_.size());
    const auto number = static_cast<size_t>(step);
    std::byte* weights = weights_at(at);
    if (step == forward_step_) {
      calls_[number] = call(*chosen_.forward, at.scratch, at.inputs[0], weights, at.output,
                            op_.has_bias ? at.inputs[2] : nullptr, residual(at));
    } else if (step == data_step_) {
      calls_[number] =
          call(*chosen_.data, at.scratch, at.input_gradients[0], weights, at.output_gradient);
    } else if (chosen_.weights) {
      std::byte* gradient = converts_gradient()
                                ? at.scratch + aligned(chosen_.weights->workspace_bytes)
                                : at.input_gradients[1];
      calls_[number] =
          call(*chosen_.weights, at.scratch, at.inputs[0], gradient, at.output_gradient);
    }
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    if (step == forward_step_) {
      if (converts_weights()) {
        launch_narrow(stream(), floats(at.inputs[1]), weights_at(at), weight_count());
      }
      execute(*chosen_.forward, step);
      const bool left = !chosen_.fused && (op_.has_bias || op_.fused());
      if (left) {
        launch_epilogue(stream(), rows_, at.output, op_.has_bias ? floats(at.inputs[2]) : nullptr,
                        residual(at), op_.fused_relu);
      }
    } else if (step == data_step_) {
      execute(*chosen_.data, step);
    } else {
      if (chosen_.weights) execute(*chosen_.weights, step);
      if (chosen_.weights && converts_gradient()) {
        launch_widen(stream(), at.scratch + aligned(chosen_.weights->workspace_bytes),
                     floats(at.input_gradients[1]), weight_count());
      }
      if (wants_bias_) {
        launch_channel_sums(stream(), rows_, at.output_gradient, floats(at.input_gradients[2]));
      }
    }
  }

 private:
  void describe_steps(const KernelRequest& request) {
    const double flops = 2.0 * static_cast<double>(request.output.shape.elements()) *
                         static_cast<double>(request.inputs[0].shape[1] / op_.num_group *
                                             op_.kernel.h * op_.kernel.w);
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    for (size_t i = 0; i < inputs_.size(); ++i) {
      forward.reads.push_back({SlotKind::kInput, static_cast<int>(i)});
    }
    forward.writes = {{SlotKind::kOutput}};
    forward.scratch_bytes = aligned(chosen_.forward->workspace_bytes);
    forward.flops = flops;
    forward.implementation = chosen_.forward->name;
    if (converts_weights()) {
      if (request.any_gradient()) {
        saved_ = {weights_};
        forward.writes.push_back({SlotKind::kSaved, 0});
      } else {
        forward.scratch_bytes += weights_.size_bytes;
      }
    }
    forward_step_ = add(std::move(forward));
    wants_bias_ = op_.has_bias && request.input_gradients.size() > 2 && request.input_gradients[2];
    if (chosen_.weights || wants_bias_) {
      KernelStep step{.name = "backward_weights", .phase = Phase::kBackward};
      step.reads = {{SlotKind::kOutputGradient}};
      if (chosen_.weights) {
        step.reads.push_back({SlotKind::kInput, 0});
        step.writes.push_back({SlotKind::kInputGradient, 1});
        step.scratch_bytes = aligned(chosen_.weights->workspace_bytes);
        if (converts_gradient()) step.scratch_bytes += weights_.size_bytes;
        step.implementation = chosen_.weights->name;
      }
      if (wants_bias_) step.writes.push_back({SlotKind::kInputGradient, 2});
      step.flops = flops;
      add(std::move(step));
    }
    if (chosen_.data) {
      KernelStep step{.name = "backward_data", .phase = Phase::kBackward};
      step.reads = {{SlotKind::kOutputGradient},
                    converts_weights() ? Slot{SlotKind::kSaved, 0} : Slot{SlotKind::kInput, 1}};
      step.writes = {{SlotKind::kInputGradient, 0}};
      step.scratch_bytes = aligned(chosen_.data->workspace_bytes);
      step.flops = flops;
      step.implementation = chosen_.data->name;
      data_step_ = add(std::move(step));
    }
  }

  int add(KernelStep step) {
    steps_.push_back(std::move(step));
    return static_cast<int>(steps_.size()) - 1;
  }

  bool converts_weights() const { return inputs_[1].dtype != weights_.dtype; }
  bool converts_gradient() const { return chosen_.gradient_type != DType::kF32; }
  int64_t weight_count() const {
    return static_cast<int64_t>(weights_.size_bytes / size_of(weights_.dtype));
  }
  // The weights as the convolutions read them.
  std::byte* weights_at(const StepBuffers& at) const {
    if (!converts_weights()) return at.inputs[1];
    if (!saved_.empty()) return at.saved[0];
    return at.scratch + aligned(chosen_.forward->workspace_bytes);
  }
  std::byte* residual(const StepBuffers& at) const {
    return op_.fused_add ? at.inputs[static_cast<size_t>(op_.residual_input())] : nullptr;
  }

  static GraphCall call(const ConvolutionPlan& plan, std::byte* workspace, std::byte* x,
                        std::byte* w, std::byte* y, std::byte* bias = nullptr,
                        std::byte* residual = nullptr) {
    std::vector<void*> addresses;
    for (const int64_t id : plan.ids) {
      addresses.push_back(id == kX      ? x
                          : id == kW    ? w
                          : id == kY    ? y
                          : id == kBias ? bias
                                        : residual);
    }
    return {plan.ids, addresses, workspace};
  }

  void execute(const ConvolutionPlan& plan, int step) {
    check(cudnnBackendExecute(backend_.cuda().cudnn(), plan.plan.get(),
                              calls_[static_cast<size_t>(step)].pack.get()),
          "cudnnBackendExecute");
  }

  Convolution op_;
  Directions chosen_;
  BufferDesc weights_;  // as the convolutions read them
  ChannelRows rows_;
  bool wants_bias_ = false;
  int forward_step_ = -1, data_step_ = -1;
  std::vector<GraphCall> calls_;  // by step
};

// Empty where cuDNN may take it.
Refusal shape_refusal(const Convolution& op, const KernelRequest& request) {
  if (request.inputs[0].shape.rank() != 4) return "data is not (N,C,H,W)";
  if (op.fused() && request.any_gradient()) return "no gradients of a fused convolution";
  if (op.num_group == 1) return {};
  const bool whole =
      request.inputs[0].shape[1] % kChannelStep == 0 && request.output.shape[1] % kChannelStep == 0;
  return whole ? "" : "groups, and the numbers of channels are no multiples of 8";
}

// What bias, residual and ReLU take in a pass of their own, about.
float epilogue_seconds(const ConvolutionProblem& problem) {
  constexpr float kLaunch = 3e-6F, kBytesPerSecond = 3e12F;
  float elements = problem.residual ? 3 : 2;
  for (const int64_t dim : problem.y) elements *= static_cast<float>(dim);
  return kLaunch + elements * static_cast<float>(size_of(problem.type)) / kBytesPerSecond;
}

std::vector<int64_t> picture_dims(const Shape& shape) {
  return {shape[0], padded_channels(shape[1]), shape[2], shape[3]};
}

}  // namespace

std::unique_ptr<Kernel> make_convolution_cudnn(Backend& backend, const KernelRequest& request,
                                               Refusal& refusal) {
  const auto& op = std::get<Convolution>(request.node.op);
  refusal = shape_refusal(op, request);
  if (!refusal.empty()) return nullptr;
  CudaBackend& cuda = as_cuda(backend);
  const DType type = cuda.options().activations;
  const bool stays = !request.training && !request.any_gradient();
  const Shape& shape = request.inputs[1].shape;
  BufferDesc parameter = plain_desc(shape, stays ? type : DType::kF32);
  if (op.num_group == 1) {
    parameter = channels_last(shape, parameter.dtype, true);
  } else {
    parameter.layout = kGroupedWeights;
  }
  const bool grouped = op.num_group > 1;
  ConvolutionProblem problem{
      .direction = ConvolutionDirection::kForward,
      .x = picture_dims(request.inputs[0].shape),
      .w = {padded_channels(shape[0]), grouped ? shape[1] : padded_channels(shape[1]), shape[2],
            shape[3]},
      .y = picture_dims(request.output.shape),
      .stride = op.stride,
      .pad = op.pad,
      .dilate = op.dilate,
      .type = type,
      .result_type = type};
  ConvolutionPlans& plans = cuda.convolution_plans();
  Directions chosen;
  chosen.forward = plans.find(problem);
  // A bias of a padded number of channels would be read beyond its end.
  const bool may_fuse = cuda.options().autotune && stays && (op.has_bias || op.fused()) &&
                        (!op.has_bias || request.output.shape[1] % kChannelStep == 0);
  if (chosen.forward && may_fuse) {
    ConvolutionProblem fused = problem;
    fused.bias = op.has_bias;
    fused.residual = op.fused_add;
    fused.relu = op.fused_relu;
    const Plan plan = plans.find(fused);
    chosen.fused = plan && plan->seconds < chosen.forward->seconds + epilogue_seconds(fused);
    if (chosen.fused) chosen.forward = plan;
  }
  bool complete = chosen.forward != nullptr;
  const auto wanted = [&](size_t input) {
    return request.input_gradients.size() > input && request.input_gradients[input];
  };
  if (complete && wanted(0)) {
    problem.direction = ConvolutionDirection::kData;
    chosen.data = plans.find(problem);
    complete = chosen.data != nullptr;
  }
  if (complete && wanted(1)) {
    // In the type of the pictures: for bfloat16 cuDNN's engines that give float32 are many times
    // slower (H200), so that the gradient is widened afterwards.
    problem.direction = ConvolutionDirection::kWeights;
    chosen.gradient_type = type;
    chosen.weights = plans.find(problem);
    if (!chosen.weights && type != DType::kF32) {
      problem.result_type = chosen.gradient_type = DType::kF32;
      chosen.weights = plans.find(problem);
    }
    complete = chosen.weights != nullptr;
  }
  if (!complete) {
    refusal = "cuDNN has no engine for it";
    return nullptr;
  }
  return std::make_unique<ConvolutionKernel>(cuda, request, parameter, std::move(chosen));
}

}  // namespace orthrus::cuda
