// Pooling by oneDNN where its arithmetic is MXNet's: windows that hang over the padded edge are
// clipped alike for a maximum and for an average that leaves padding out; an average that counts
// padding divides by the clipped window in MXNet, by the whole window in oneDNN.
#include <algorithm>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"
#include "backend/cpu/dnnl_step.h"

namespace orthrus::cpu {

namespace {

using dnnl::algorithm;
using dnnl::memory;
using PoolingForward = dnnl::pooling_forward;
using PoolingBackward = dnnl::pooling_backward;

struct Window {
  memory::dims kernel, stride, pad_left, pad_right;
};

Window window_of(const Pooling& op, const Shape& in, const Shape& out) {
  if (op.global) return {{in[2], in[3]}, {1, 1}, {0, 0}, {0, 0}};
  return {{op.kernel.h, op.kernel.w},
          {op.stride.h, op.stride.w},
          {op.pad.h, op.pad.w},
          {(out[2] - 1) * op.stride.h + op.kernel.h - in[2] - op.pad.h,
           (out[3] - 1) * op.stride.w + op.kernel.w - in[3] - op.pad.w}};
}

algorithm algorithm_of(const Pooling& op) {
  if (op.kind == PoolingKind::kMax) return algorithm::pooling_max;
  return op.count_include_pad && !op.global ? algorithm::pooling_avg_include_padding
                                            : algorithm::pooling_avg_exclude_padding;
}

class PoolingKernel : public CpuKernel {
 public:
  PoolingKernel(CpuBackend& backend, const KernelRequest& request)
      : CpuKernel(backend, request), op_(std::get<Pooling>(request.node.op)) {
    const Window window = window_of(op_, inputs_[0].shape, output_.shape);
    inputs_[0] = slab_layout(backend, inputs_[0]);
    output_ = backend.like(inputs_[0], output_.shape);
    src_ = backend.memory_desc(inputs_[0]);
    dst_ = backend.memory_desc(output_);
    if (backend.is_channels_last(inputs_[0])) {
      // One pixel has no order of its channels' neighbours: the backend calls it plain, and oneDNN
      // then has plain loops alone.
      dst_ = memory::desc(dst_.dims(), dst_.data_type(), memory::format_tag::acdb);
    }
    const auto kind = request.any_gradient() ? dnnl::prop_kind::forward_training
                                             : dnnl::prop_kind::forward_inference;
    forward_desc_ = {{kind, algorithm_of(op_), src_, dst_, window.stride, window.kernel,
                      window.pad_left, window.pad_right},
                     with_user_scratch(),
                     backend.engine()};
    forward_ = DnnlStep(PoolingForward(forward_desc_));
    implementation_ = forward_desc_.impl_info_str();
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    forward.writes = {{SlotKind::kOutput}};
    forward.scratch_bytes = aligned_size(forward_desc_.scratchpad_desc());
    has_workspace_ = forward_desc_.workspace_desc().get_size() > 0;
    if (has_workspace_) {
      const auto bytes = static_cast<int64_t>(forward_desc_.workspace_desc().get_size());
      saved_ = {plain_desc({bytes}, DType::kU8)};
      forward.writes.push_back({SlotKind::kSaved, 0});
    }
    steps_.push_back(std::move(forward));
    if (request.any_gradient()) describe_backward(window);
  }

  void bind(int step, const StepBuffers& buffers) override {
    CpuKernel::bind(step, buffers);
    std::vector<DnnlArgument> arguments;
    if (has_workspace_) {
      arguments.push_back({DNNL_ARG_WORKSPACE, forward_desc_.workspace_desc(), buffers.saved[0]});
    }
    if (step == 0) {
      arguments.push_back({DNNL_ARG_SRC, src_, buffers.inputs[0]});
      arguments.push_back({DNNL_ARG_DST, dst_, buffers.output});
      arguments.push_back({DNNL_ARG_SCRATCHPAD, forward_desc_.scratchpad_desc(), buffers.scratch});
      forward_.bind(backend_, arguments);
    } else {
      arguments.push_back({DNNL_ARG_DIFF_DST, dst_, buffers.output_gradient});
      arguments.push_back({DNNL_ARG_DIFF_SRC, src_, buffers.input_gradients[0]});
      arguments.push_back({DNNL_ARG_SCRATCHPAD, backward_desc_.scratchpad_desc(), buffers.scratch});
      backward_.bind(backend_, arguments);
    }
  }

  void run(int step, const StepContext&) override {
    (step == 0 ? forward_ : backward_).run(backend_);
  }

 private:
  void describe_backward(const Window& window) {
    backward_desc_ = {{algorithm_of(op_), src_, dst_, window.stride, window.kernel, window.pad_left,
                       window.pad_right},
                      with_user_scratch(),
                      backend_.engine(),
                      forward_desc_};
    backward_ = DnnlStep(PoolingBackward(backward_desc_));
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kOutputGradient}};
    if (has_workspace_) backward.reads.push_back({SlotKind::kSaved, 0});
    backward.writes = {{SlotKind::kInputGradient, 0}};
    backward.scratch_bytes = aligned_size(backward_desc_.scratchpad_desc());
    steps_.push_back(std::move(backward));
  }

  Pooling op_;
  memory::desc src_, dst_;
  bool has_workspace_ = false;
  PoolingForward::primitive_desc forward_desc_;
  PoolingBackward::primitive_desc backward_desc_;
  DnnlStep forward_, backward_;
};

}  // namespace

std::unique_ptr<Kernel> make_pooling(Backend& backend, const KernelRequest& request,
                                     Refusal& refusal) {
  const auto& op = std::get<Pooling>(request.node.op);
  const Window window = window_of(op, request.inputs[0].shape, request.output.shape);
  for (size_t axis = 0; axis < 2; ++axis) {
    const bool hangs_over = window.pad_right[axis] > window.pad_left[axis];
    if (window.pad_right[axis] >= window.kernel[axis]) {
      refusal = "a window lies wholly outside the picture";
    } else if (window.pad_left[axis] >= window.kernel[axis]) {
      refusal = "the padding is as large as the window";
    } else if (hangs_over && algorithm_of(op) == algorithm::pooling_avg_include_padding) {
      refusal = "a window hangs over the padded edge, and the padding counts";
    }
  }
  if (op.kind == PoolingKind::kSum) refusal = "oneDNN has no sum";
  if (!refusal.empty()) return nullptr;
  return std::make_unique<PoolingKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
