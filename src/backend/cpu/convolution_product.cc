// A 1x1 convolution of channels-last pictures is a matrix product, and so are its gradients:
//   Y = X W^T,  dX = dY W,  dW = dY^T X,  with X (pixels, C), Y (pixels, K), W (K, C).
// With a stride X are the pixels that it lands on: they are brought together for dW, and dX goes
// where they lie, among zeros.
// With AMX oneDNN 2.6 computes products two to four times as fast as the convolutions' gradients;
// forward its convolution is as fast. The parameter lives in float32, row-major, as dW comes.
#include <cstring>

#include "backend/cpu/candidates.h"
#include "backend/cpu/convolution_choice.h"
#include "backend/cpu/cpu_kernel.h"
#include "backend/cpu/dnnl_step.h"
#include "base/threads.h"

namespace orthrus::cpu {

namespace {

using dnnl::matmul;
using dnnl::memory;

// Numbers of X, Y and W.
struct Sizes {
  memory::dim pixels, channels, filters;
};

Sizes sizes_of(const KernelRequest& request) {
  const Shape& out = request.output.shape;
  return {out[0] * out[2] * out[3], request.inputs[0].shape[1], out[1]};
}

// The pixels of a picture that a stride lands on, row by row.
struct Landing {
  int64_t pictures = 0, height = 0, width = 0;  // of the output
  int64_t source_height = 0, source_width = 0;  // of the input
  int64_t step_down = 1, step_across = 1;
  int64_t pixel_bytes = 0;

  [[nodiscard]] bool everywhere() const { return step_down == 1 && step_across == 1; }
  // Calls copy(place among the landed pixels, place in the input), in bytes, for each of them.
  template <typename Copy>
  void for_each_pixel(const Copy& copy) const {
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < pictures * height; ++row) {
      const int64_t source_row = row / height * source_height + row % height * step_down;
      for (int64_t x = 0; x < width; ++x) {
        copy((row * width + x) * pixel_bytes,
             (source_row * source_width + x * step_across) * pixel_bytes);
      }
    }
  }
};

Landing landing_of(const KernelRequest& request) {
  const auto& op = std::get<Convolution>(request.node.op);
  const Shape& in = request.inputs[0].shape;
  const Shape& out = request.output.shape;
  return {.pictures = out[0],
          .height = out[2],
          .width = out[3],
          .source_height = in[2],
          .source_width = in[3],
          .step_down = op.stride.h,
          .step_across = op.stride.w,
          .pixel_bytes = in[1] * static_cast<int64_t>(sizeof(BFloat16))};
}

// A row-major matrix, or with `transposed` the same bytes read by columns.
memory::desc matrix(memory::dim rows, memory::dim columns, memory::data_type type,
                    bool transposed = false) {
  const memory::dims strides = transposed ? memory::dims{1, rows} : memory::dims{columns, 1};
  return {{rows, columns}, type, strides};
}

matmul::primitive_desc product_desc(CpuBackend& backend, const memory::desc& a,
                                    const memory::desc& b, const memory::desc& c) {
  return {matmul::desc(a, b, c), with_user_scratch(), backend.engine(), true};
}

struct Products {
  matmul::primitive_desc data, weights;  // empty where not wanted
};

Refusal choose_products(CpuBackend& backend, const KernelRequest& request, Products& chosen) {
  constexpr auto kBf16 = memory::data_type::bf16;
  const auto [pixels, channels, filters] = sizes_of(request);
  const memory::desc y = matrix(pixels, filters, kBf16);
  const auto is_fast = [](const matmul::primitive_desc& desc) {
    return desc && std::string_view(desc.impl_info_str()).starts_with("brg");
  };
  if (request.input_gradients[0]) {
    const memory::desc weights({filters, channels}, kBf16, memory::format_tag::any);
    chosen.data = product_desc(backend, y, weights, matrix(pixels, channels, kBf16));
    if (!is_fast(chosen.data)) return "oneDNN has no fast product for the gradient of the data";
  }
  if (request.input_gradients[1]) {
    chosen.weights =
        product_desc(backend, matrix(filters, pixels, kBf16, true), matrix(pixels, channels, kBf16),
                     matrix(filters, channels, memory::data_type::f32));
    if (!is_fast(chosen.weights))
      return "oneDNN has no fast product for the gradient of the weights";
  }
  return {};
}

class ConvolutionProductKernel : public CpuKernel {
 public:
  ConvolutionProductKernel(CpuBackend& backend, const KernelRequest& request,
                           dnnl::convolution_forward::primitive_desc forward, Products products)
      : CpuKernel(backend, request),
        forward_desc_(std::move(forward)),
        products_(std::move(products)),
        landing_(landing_of(request)),
        weights_(plain_memory_desc(forward_desc_.weights_desc().dims())) {
    inputs_[0] = backend.describe(forward_desc_.src_desc(), request.inputs[0].shape);
    output_ = backend.describe(forward_desc_.dst_desc(), request.output.shape);
    implementation_ = forward_desc_.impl_info_str();
    const auto [pixels, channels, filters] = sizes_of(request);
    flops_ = 2.0 * static_cast<double>(pixels * channels * filters);
    weights_matrix_ = matrix(filters, channels, memory::data_type::f32);
    describe_forward();
    if (products_.weights) describe_weights();
    if (products_.data) describe_data();
  }

  void bind(int step, const StepBuffers& at) override {
    CpuKernel::bind(step, at);
    if (step == weights_step_) {
      const matmul::primitive_desc& desc = products_.weights;
      std::byte* landed = at.scratch + aligned_size(desc.scratchpad_desc());
      std::byte* source = landing_.everywhere() ? at.inputs[0] : landed;
      product_.bind(backend_, {{DNNL_ARG_SRC, desc.src_desc(), at.output_gradient},
                               {DNNL_ARG_WEIGHTS, desc.weights_desc(), source},
                               {DNNL_ARG_DST, desc.dst_desc(), at.input_gradients[1]},
                               {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc(), at.scratch}});
    } else if (step == data_step_) {
      const matmul::primitive_desc& desc = products_.data;
      std::byte* weights = at.scratch + aligned_size(desc.scratchpad_desc());
      std::byte* landed = weights + aligned_size(desc.weights_desc());
      std::byte* result = landing_.everywhere() ? at.input_gradients[0] : landed;
      data_conversion_.bind(backend_, {{DNNL_ARG_FROM, weights_matrix_, at.inputs[1]},
                                       {DNNL_ARG_TO, desc.weights_desc(), weights}});
      data_.bind(backend_, {{DNNL_ARG_SRC, desc.src_desc(), at.output_gradient},
                            {DNNL_ARG_WEIGHTS, desc.weights_desc(), weights},
                            {DNNL_ARG_DST, desc.dst_desc(), result},
                            {DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc(), at.scratch}});
    } else {
      bind_forward(step == forward_step_ ? forward_ : rebuild_, at);
    }
  }

  void run(int step, const StepContext&) override {
    if (step == weights_step_) {
      if (!landing_.everywhere()) gather(buffers(step));
      return product_.run(backend_);
    }
    if (step == data_step_) {
      data_conversion_.run(backend_);
      data_.run(backend_);
      if (!landing_.everywhere()) scatter(buffers(step));
      return;
    }
    Forward& forward = step == forward_step_ ? forward_ : rebuild_;
    forward.conversion.run(backend_);
    forward.convolution.run(backend_);
  }

 private:
  // The weights' way into the type and layout of the convolution, and that.
  struct Forward {
    DnnlStep conversion, convolution;
  };

  void gather(const StepBuffers& at) const {
    std::byte* landed = at.scratch + aligned_size(products_.weights.scratchpad_desc());
    const std::byte* source = at.inputs[0];
    landing_.for_each_pixel([&](int64_t to, int64_t from) {
      std::memcpy(landed + to, source + from, static_cast<size_t>(landing_.pixel_bytes));
    });
  }
  void scatter(const StepBuffers& at) const {
    const std::byte* landed = at.scratch + aligned_size(products_.data.scratchpad_desc()) +
                              aligned_size(products_.data.weights_desc());
    std::byte* gradient = at.input_gradients[0];
    parallel_for(static_cast<int64_t>(inputs_[0].size_bytes), [&](int64_t begin, int64_t end) {
      std::memset(gradient + begin, 0, static_cast<size_t>(end - begin));
    });
    landing_.for_each_pixel([&](int64_t from, int64_t to) {
      std::memcpy(gradient + to, landed + from, static_cast<size_t>(landing_.pixel_bytes));
    });
  }

  int add_step(KernelStep step) {
    step.flops = flops_;
    steps_.push_back(std::move(step));
    return static_cast<int>(steps_.size()) - 1;
  }

  DnnlStep reorder_step(const memory::desc& from, const memory::desc& to) {
    return DnnlStep(dnnl::reorder(
        dnnl::reorder::primitive_desc(backend_.engine(), from, backend_.engine(), to)));
  }

  void describe_forward() {
    KernelStep step{.name = "forward", .phase = Phase::kForward};
    step.reads = {{SlotKind::kInput, 0}, {SlotKind::kInput, 1}};
    step.writes = {{SlotKind::kOutput}};
    step.scratch_bytes =
        aligned_size(forward_desc_.scratchpad_desc()) + aligned_size(forward_desc_.weights_desc());
    KernelStep again = step;
    again.name = "rebuild";
    again.phase = Phase::kRecompute;
    rebuild_step_ = add_step(std::move(again));
    forward_step_ = add_step(std::move(step));
    for (Forward* forward : {&forward_, &rebuild_}) {
      forward->conversion = reorder_step(weights_, forward_desc_.weights_desc());
      forward->convolution = DnnlStep(dnnl::convolution_forward(forward_desc_));
    }
  }

  void bind_forward(Forward& forward, const StepBuffers& at) {
    std::byte* weights = at.scratch + aligned_size(forward_desc_.scratchpad_desc());
    forward.conversion.bind(backend_, {{DNNL_ARG_FROM, weights_, at.inputs[1]},
                                       {DNNL_ARG_TO, forward_desc_.weights_desc(), weights}});
    forward.convolution.bind(backend_,
                             {{DNNL_ARG_SRC, forward_desc_.src_desc(), at.inputs[0]},
                              {DNNL_ARG_WEIGHTS, forward_desc_.weights_desc(), weights},
                              {DNNL_ARG_DST, forward_desc_.dst_desc(), at.output},
                              {DNNL_ARG_SCRATCHPAD, forward_desc_.scratchpad_desc(), at.scratch}});
  }

  // Before backward_data, so that the input's activation may go before its gradient comes.
  void describe_weights() {
    KernelStep step{.name = "backward_weights", .phase = Phase::kBackward};
    step.reads = {{SlotKind::kInput, 0}, {SlotKind::kOutputGradient}};
    step.writes = {{SlotKind::kInputGradient, 1}};
    step.scratch_bytes = aligned_size(products_.weights.scratchpad_desc());
    if (!landing_.everywhere()) {
      step.scratch_bytes += aligned_size(products_.weights.weights_desc());
    }
    step.implementation = std::string("product ") + products_.weights.impl_info_str();
    weights_step_ = add_step(std::move(step));
    product_ = DnnlStep(matmul(products_.weights));
  }

  void describe_data() {
    KernelStep step{.name = "backward_data", .phase = Phase::kBackward};
    step.reads = {{SlotKind::kInput, 1}, {SlotKind::kOutputGradient}};
    step.writes = {{SlotKind::kInputGradient, 0}};
    step.scratch_bytes = aligned_size(products_.data.scratchpad_desc()) +
                         aligned_size(products_.data.weights_desc());
    if (!landing_.everywhere()) step.scratch_bytes += aligned_size(products_.data.dst_desc());
    step.implementation = std::string("product ") + products_.data.impl_info_str();
    data_step_ = add_step(std::move(step));
    data_ = DnnlStep(matmul(products_.data));
    data_conversion_ = reorder_step(weights_matrix_, products_.data.weights_desc());
  }

  dnnl::convolution_forward::primitive_desc forward_desc_;
  Products products_;
  Landing landing_;
  memory::desc weights_;         // as the parameter lives
  memory::desc weights_matrix_;  // the same bytes without the kernel's height and width
  double flops_ = 0;
  int forward_step_ = -1, rebuild_step_ = -1, weights_step_ = -1, data_step_ = -1;
  Forward forward_, rebuild_;
  DnnlStep product_, data_, data_conversion_;
};

Refusal why_not_product(const CpuBackend& cpu, const KernelRequest& request) {
  const auto& op = std::get<Convolution>(request.node.op);
  if (bf16_instructions() != "AMX") return "no faster without AMX";
  if (cpu.options().activations != DType::kBF16) return "bf16 only";
  if (!request.any_gradient()) return "of use for gradients alone";
  if (op.kernel != Pair{1, 1} || op.pad != Pair{0, 0}) return "not 1x1 without padding";
  if (op.num_group != 1) return "grouped";
  if (op.has_bias || op.fused()) return "does more than the product";
  return {};
}

}  // namespace

std::unique_ptr<Kernel> make_convolution_product(Backend& backend, const KernelRequest& request,
                                                 Refusal& refusal) {
  CpuBackend& cpu = as_cpu(backend);
  refusal = why_not_product(cpu, request);
  if (!refusal.empty()) return nullptr;
  const BufferDesc in = cpu.activation(request.inputs[0].shape);
  const BufferDesc out = cpu.activation(request.output.shape);
  const bool channels_last = cpu.block_of(in) == in.shape[1] && cpu.block_of(out) == out.shape[1];
  if (!channels_last) {
    refusal = "channels are not last";
    return nullptr;
  }
  ConvolutionDirections directions;
  refusal = choose_convolution(cpu, request, cpu.memory_desc(in), cpu.memory_desc(out), false,
                               directions);
  Products products;
  if (refusal.empty()) refusal = choose_products(cpu, request, products);
  if (!refusal.empty()) return nullptr;
  return std::make_unique<ConvolutionProductKernel>(cpu, request, directions.forward,
                                                    std::move(products));
}

}  // namespace orthrus::cpu
