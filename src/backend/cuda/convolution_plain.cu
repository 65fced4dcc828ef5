// Convolution as loops over row-major float32, for what cuDNN does not take: a thread per element
// of the result.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/reduce.cuh"

namespace orthrus::cuda {
namespace {

struct Sizes {
  int64_t pictures;
  int channels, height, width;         // of the input
  int filters, out_height, out_width;  // of the output
  int group_inputs, group_outputs;     // channels of one group
  int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilate_h, dilate_w;

  __device__ int64_t in_at(int64_t n, int c, int y, int x) const {
    return ((n * channels + c) * height + y) * width + x;
  }
  __device__ int64_t out_at(int64_t n, int o, int y, int x) const {
    return ((n * filters + o) * out_height + y) * out_width + x;
  }
  __device__ int64_t weight_at(int o, int i, int r, int s) const {
    return ((static_cast<int64_t>(o) * group_inputs + i) * kernel_h + r) * kernel_w + s;
  }
};

__global__ void convolve(Sizes z, const float* x, const float* w, const float* bias,
                         const float* residual, bool relu, float* y, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    int64_t rest = i;
    const int column = static_cast<int>(rest % z.out_width);
    rest /= z.out_width;
    const int row = static_cast<int>(rest % z.out_height);
    rest /= z.out_height;
    const int filter = static_cast<int>(rest % z.filters);
    const int64_t picture = rest / z.filters;
    const int first = filter / z.group_outputs * z.group_inputs;
    double sum = bias == nullptr ? 0 : bias[filter];
    for (int c = 0; c < z.group_inputs; ++c) {
      for (int r = 0; r < z.kernel_h; ++r) {
        const int in_y = row * z.stride_h - z.pad_h + r * z.dilate_h;
        if (in_y < 0 || in_y >= z.height) continue;
        for (int s = 0; s < z.kernel_w; ++s) {
          const int in_x = column * z.stride_w - z.pad_w + s * z.dilate_w;
          if (in_x < 0 || in_x >= z.width) continue;
          sum += static_cast<double>(x[z.in_at(picture, first + c, in_y, in_x)]) *
                 static_cast<double>(w[z.weight_at(filter, c, r, s)]);
        }
      }
    }
    if (residual != nullptr) sum += residual[i];
    y[i] = relu && sum < 0 ? 0 : static_cast<float>(sum);
  }
}

__global__ void convolve_backward_data(Sizes z, const float* dy, const float* w, float* dx,
                                       int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    int64_t rest = i;
    const int column = static_cast<int>(rest % z.width);
    rest /= z.width;
    const int row = static_cast<int>(rest % z.height);
    rest /= z.height;
    const int channel = static_cast<int>(rest % z.channels);
    const int64_t picture = rest / z.channels;
    const int first = channel / z.group_inputs * z.group_outputs;
    double sum = 0;
    for (int r = 0; r < z.kernel_h; ++r) {
      const int over_y = row + z.pad_h - r * z.dilate_h;
      if (over_y < 0 || over_y % z.stride_h != 0 || over_y / z.stride_h >= z.out_height) continue;
      for (int s = 0; s < z.kernel_w; ++s) {
        const int over_x = column + z.pad_w - s * z.dilate_w;
        if (over_x < 0 || over_x % z.stride_w != 0 || over_x / z.stride_w >= z.out_width) continue;
        for (int o = first; o < first + z.group_outputs; ++o) {
          sum += static_cast<double>(
                     dy[z.out_at(picture, o, over_y / z.stride_h, over_x / z.stride_w)]) *
                 static_cast<double>(w[z.weight_at(o, channel % z.group_inputs, r, s)]);
        }
      }
    }
    dx[i] = static_cast<float>(sum);
  }
}

// A block per weight.
__global__ void convolve_backward_weights(Sizes z, const float* x, const float* dy, float* dw) {
  int64_t rest = blockIdx.x;
  const int s = static_cast<int>(rest % z.kernel_w);
  rest /= z.kernel_w;
  const int r = static_cast<int>(rest % z.kernel_h);
  rest /= z.kernel_h;
  const int c = static_cast<int>(rest % z.group_inputs);
  const int filter = static_cast<int>(rest / z.group_inputs);
  const int channel = filter / z.group_outputs * z.group_inputs + c;
  double sum = 0;
  const int64_t count = z.pictures * z.out_height * z.out_width;
  for (int64_t i = threadIdx.x; i < count; i += kThreads) {
    const int column = static_cast<int>(i % z.out_width);
    const int row = static_cast<int>(i / z.out_width % z.out_height);
    const int64_t picture = i / z.out_width / z.out_height;
    const int in_y = row * z.stride_h - z.pad_h + r * z.dilate_h;
    const int in_x = column * z.stride_w - z.pad_w + s * z.dilate_w;
    if (in_y < 0 || in_y >= z.height || in_x < 0 || in_x >= z.width) continue;
    sum += static_cast<double>(x[z.in_at(picture, channel, in_y, in_x)]) *
           static_cast<double>(dy[z.out_at(picture, filter, row, column)]);
  }
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) dw[blockIdx.x] = static_cast<float>(sum);
}

// A block per filter.
__global__ void sum_bias_gradient(Sizes z, const float* dy, float* gradient) {
  double sum = 0;
  const int64_t pixels = static_cast<int64_t>(z.out_height) * z.out_width;
  for (int64_t i = threadIdx.x; i < z.pictures * pixels; i += kThreads) {
    sum += dy[(i / pixels * z.filters + blockIdx.x) * pixels + i % pixels];
  }
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) gradient[blockIdx.x] = static_cast<float>(sum);
}

class PlainConvolutionKernel : public CudaKernel {
 public:
  PlainConvolutionKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request), op_(std::get<Convolution>(request.node.op)) {
    for (BufferDesc& input : inputs_) input = plain_desc(input.shape);
    output_ = plain_desc(output_.shape);
    const Shape &in = inputs_[0].shape, &out = output_.shape;
    const auto number = [](int64_t value) { return static_cast<int>(value); };
    sizes_ = {.pictures = in[0],
              .channels = number(in[1]),
              .height = number(in[2]),
              .width = number(in[3]),
              .filters = number(out[1]),
              .out_height = number(out[2]),
              .out_width = number(out[3]),
              .group_inputs = number(in[1] / op_.num_group),
              .group_outputs = number(out[1] / op_.num_group),
              .kernel_h = number(op_.kernel.h),
              .kernel_w = number(op_.kernel.w),
              .stride_h = number(op_.stride.h),
              .stride_w = number(op_.stride.w),
              .pad_h = number(op_.pad.h),
              .pad_w = number(op_.pad.w),
              .dilate_h = number(op_.dilate.h),
              .dilate_w = number(op_.dilate.w)};
    implementation_ = "own:loops";
    wants_ = request.input_gradients;
    wants_.resize(3, false);
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    for (size_t i = 0; i < inputs_.size(); ++i) {
      forward.reads.push_back({SlotKind::kInput, static_cast<int>(i)});
    }
    forward.writes = {{SlotKind::kOutput}};
    forward.flops = 2.0 * static_cast<double>(out.elements()) *
                    static_cast<double>(in[1] / op_.num_group * op_.kernel.h * op_.kernel.w);
    const double flops = forward.flops;
    steps_.push_back(std::move(forward));
    if (!request.any_gradient()) return;
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kOutputGradient}, {SlotKind::kInput, 0}, {SlotKind::kInput, 1}};
    for (int i = 0; i < 3; ++i) {
      if (wants_[static_cast<size_t>(i)]) backward.writes.push_back({SlotKind::kInputGradient, i});
    }
    backward.flops = 2 * flops;
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const auto floats = [](std::byte* address) { return reinterpret_cast<float*>(address); };
    const float *x = floats(at.inputs[0]), *w = floats(at.inputs[1]);
    if (step == 0) {
      const float* residual =
          op_.fused_add ? floats(at.inputs[static_cast<size_t>(op_.residual_input())]) : nullptr;
      const int64_t count = output_.shape.elements();
      convolve<<<blocks_for(count), kThreads, 0, stream()>>>(
          sizes_, x, w, op_.has_bias ? floats(at.inputs[2]) : nullptr, residual, op_.fused_relu,
          floats(at.output), count);
      check(cudaGetLastError(), "convolve");
      return;
    }
    const float* dy = floats(at.output_gradient);
    if (wants_[0]) {
      const int64_t count = inputs_[0].shape.elements();
      convolve_backward_data<<<blocks_for(count), kThreads, 0, stream()>>>(
          sizes_, dy, w, floats(at.input_gradients[0]), count);
      check(cudaGetLastError(), "convolve_backward_data");
    }
    if (wants_[1]) {
      const auto count = static_cast<unsigned>(inputs_[1].shape.elements());
      convolve_backward_weights<<<count, kThreads, 0, stream()>>>(sizes_, x, dy,
                                                                  floats(at.input_gradients[1]));
      check(cudaGetLastError(), "convolve_backward_weights");
    }
    if (wants_[2]) {
      sum_bias_gradient<<<static_cast<unsigned>(sizes_.filters), kThreads, 0, stream()>>>(
          sizes_, dy, floats(at.input_gradients[2]));
      check(cudaGetLastError(), "sum_bias_gradient");
    }
  }

 private:
  Convolution op_;
  Sizes sizes_{};
  std::vector<bool> wants_;
};

}  // namespace

std::unique_ptr<Kernel> make_convolution_plain(Backend& backend, const KernelRequest& request,
                                               Refusal& refusal) {
  const auto& op = std::get<Convolution>(request.node.op);
  if (op.fused() && request.any_gradient()) {
    refusal = "no gradients of a fused convolution";
    return nullptr;
  }
  if (request.inputs[0].shape.rank() != 4) {
    refusal = "data is not (N,C,H,W)";
    return nullptr;
  }
  return std::make_unique<PlainConvolutionKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
