// FullyConnected as oneDNN's inner product on row-major matrices.
#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"
#include "backend/cpu/dnnl_step.h"

namespace orthrus::cpu {

namespace {

using dnnl::memory;
using ProductForward = dnnl::inner_product_forward;
using ProductBackwardData = dnnl::inner_product_backward_data;
using ProductBackwardWeights = dnnl::inner_product_backward_weights;

class FullyConnectedKernel : public CpuKernel {
 public:
  FullyConnectedKernel(CpuBackend& backend, const KernelRequest& request)
      : CpuKernel(backend, request), has_bias_(std::get<FullyConnected>(request.node.op).has_bias) {
    inputs_[0] = plain_desc(inputs_[0].shape);
    output_ = plain_desc(output_.shape);
    const int64_t images = output_.shape[0];
    src_ = plain_memory_desc({images, inputs_[0].shape.elements(1)});
    weights_ = plain_memory_desc(dims_of(inputs_[1].shape));
    dst_ = plain_memory_desc(dims_of(output_.shape));
    if (has_bias_) bias_ = plain_memory_desc(dims_of(inputs_[2].shape));
    const double flops = 2.0 * static_cast<double>(output_.shape[1]) *
                         static_cast<double>(inputs_[0].shape.elements());
    describe_forward(flops);
    if (request.any_gradient()) describe_backward(request, flops);
  }

  void bind(int step, const StepBuffers& buffers) override {
    CpuKernel::bind(step, buffers);
    Bound& bound = bound_[static_cast<size_t>(step)];
    std::vector<DnnlArgument> arguments = {{DNNL_ARG_SCRATCHPAD, bound.scratch, buffers.scratch}};
    if (bound.kind == Kind::kForward) {
      arguments.push_back({DNNL_ARG_SRC, src_, buffers.inputs[0]});
      arguments.push_back({DNNL_ARG_WEIGHTS, weights_, buffers.inputs[1]});
      if (has_bias_) arguments.push_back({DNNL_ARG_BIAS, bias_, buffers.inputs[2]});
      arguments.push_back({DNNL_ARG_DST, dst_, buffers.output});
    } else if (bound.kind == Kind::kData) {
      arguments.push_back({DNNL_ARG_WEIGHTS, weights_, buffers.inputs[1]});
      arguments.push_back({DNNL_ARG_DIFF_DST, dst_, buffers.output_gradient});
      arguments.push_back({DNNL_ARG_DIFF_SRC, src_, buffers.input_gradients[0]});
    } else {
      arguments.push_back({DNNL_ARG_SRC, src_, buffers.inputs[0]});
      arguments.push_back({DNNL_ARG_DIFF_DST, dst_, buffers.output_gradient});
      arguments.push_back({DNNL_ARG_DIFF_WEIGHTS, weights_, buffers.input_gradients[1]});
      if (has_bias_) arguments.push_back({DNNL_ARG_DIFF_BIAS, bias_, buffers.input_gradients[2]});
    }
    bound.step.bind(backend_, arguments);
  }

  void run(int step, const StepContext&) override {
    bound_[static_cast<size_t>(step)].step.run(backend_);
  }

 private:
  enum class Kind { kForward, kData, kWeights };
  struct Bound {
    Kind kind;
    DnnlStep step;
    memory::desc scratch;
  };

  void add_step(KernelStep step, Kind kind, DnnlStep primitive, const memory::desc& scratch) {
    step.scratch_bytes = aligned_size(scratch);
    steps_.push_back(std::move(step));
    bound_.push_back({kind, std::move(primitive), scratch});
  }

  void describe_forward(double flops) {
    const auto kind = dnnl::prop_kind::forward_training;
    const ProductForward::desc desc = has_bias_
                                          ? ProductForward::desc(kind, src_, weights_, bias_, dst_)
                                          : ProductForward::desc(kind, src_, weights_, dst_);
    forward_ = {desc, with_user_scratch(), backend_.engine()};
    implementation_ = forward_.impl_info_str();
    KernelStep step{.name = "forward", .phase = Phase::kForward};
    step.reads = {{SlotKind::kInput, 0}, {SlotKind::kInput, 1}};
    if (has_bias_) step.reads.push_back({SlotKind::kInput, 2});
    step.writes = {{SlotKind::kOutput}};
    step.flops = flops;
    add_step(std::move(step), Kind::kForward, DnnlStep(ProductForward(forward_)),
             forward_.scratchpad_desc());
  }

  void describe_backward(const KernelRequest& request, double flops) {
    if (request.input_gradients[1]) {
      const ProductBackwardWeights::desc desc =
          has_bias_ ? ProductBackwardWeights::desc(src_, weights_, bias_, dst_)
                    : ProductBackwardWeights::desc(src_, weights_, dst_);
      const ProductBackwardWeights::primitive_desc primitive(desc, with_user_scratch(),
                                                             backend_.engine(), forward_);
      KernelStep step{.name = "backward_weights", .phase = Phase::kBackward};
      step.reads = {{SlotKind::kInput, 0}, {SlotKind::kOutputGradient}};
      step.writes = {{SlotKind::kInputGradient, 1}};
      if (has_bias_) step.writes.push_back({SlotKind::kInputGradient, 2});
      step.flops = flops;
      add_step(std::move(step), Kind::kWeights, DnnlStep(ProductBackwardWeights(primitive)),
               primitive.scratchpad_desc());
    }
    if (request.input_gradients[0]) {
      const ProductBackwardData::primitive_desc primitive(
          ProductBackwardData::desc(src_, weights_, dst_), with_user_scratch(), backend_.engine(),
          forward_);
      KernelStep step{.name = "backward_data", .phase = Phase::kBackward};
      step.reads = {{SlotKind::kInput, 1}, {SlotKind::kOutputGradient}};
      step.writes = {{SlotKind::kInputGradient, 0}};
      step.flops = flops;
      add_step(std::move(step), Kind::kData, DnnlStep(ProductBackwardData(primitive)),
               primitive.scratchpad_desc());
    }
  }

  bool has_bias_;
  memory::desc src_, weights_, bias_, dst_;
  ProductForward::primitive_desc forward_;
  std::vector<Bound> bound_;
};

}  // namespace

std::unique_ptr<Kernel> make_fully_connected(Backend& backend, const KernelRequest& request,
                                             Refusal& refusal) {
  const bool has_bias = std::get<FullyConnected>(request.node.op).has_bias;
  if (has_bias && request.any_gradient() &&
      request.input_gradients[1] != request.input_gradients[2]) {
    refusal = "weight and bias are not trained together";
    return nullptr;
  }
  return std::make_unique<FullyConnectedKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
