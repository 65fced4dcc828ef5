// LeakyReLU, PReLU and ELU on row-major float32.
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_kernel.h"
#include "backend/cuda/launch.h"
#include "backend/cuda/reduce.cuh"

namespace orthrus::cuda {
namespace {

struct Slopes {
  LeakyKind kind;
  float slope;
  const float* gamma;  // of PReLU
  bool shared;         // gamma has one element
  int64_t channels, pixels;

  __device__ float of(int64_t i) const {
    if (kind != LeakyKind::kPrelu) return slope;
    return gamma[shared ? 0 : i / pixels % channels];
  }
};

__global__ void leak(Slopes slopes, const float* x, float* y, int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const float below = slopes.kind == LeakyKind::kElu ? expm1f(x[i]) : x[i];
    y[i] = x[i] > 0 ? x[i] : slopes.of(i) * below;
  }
}

__global__ void leak_backward(Slopes slopes, const float* x, const float* dy, float* dx,
                              int64_t count) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) {
    const float below = slopes.kind == LeakyKind::kElu ? expf(x[i]) : 1;
    dx[i] = x[i] > 0 ? dy[i] : dy[i] * slopes.of(i) * below;
  }
}

// One block per channel, or one for all.
__global__ void sum_slope_gradient(Slopes slopes, const float* x, const float* dy, int64_t pictures,
                                   float* gradient) {
  double sum = 0;
  const int64_t count = pictures * slopes.channels * slopes.pixels;
  if (slopes.shared) {
    for (int64_t i = threadIdx.x; i < count; i += kThreads) {
      if (x[i] <= 0) sum += static_cast<double>(dy[i]) * static_cast<double>(x[i]);
    }
  } else {
    for (int64_t i = threadIdx.x; i < pictures * slopes.pixels; i += kThreads) {
      const int64_t at =
          (i / slopes.pixels * slopes.channels + blockIdx.x) * slopes.pixels + i % slopes.pixels;
      if (x[at] <= 0) sum += static_cast<double>(dy[at]) * static_cast<double>(x[at]);
    }
  }
  sum = block_sum<kThreads>(sum);
  if (threadIdx.x == 0) gradient[blockIdx.x] = static_cast<float>(sum);
}

class LeakyReluKernel : public CudaKernel {
 public:
  LeakyReluKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request), op_(std::get<LeakyRelu>(request.node.op)) {
    inputs_[0] = plain_desc(inputs_[0].shape);
    output_ = inputs_[0];
    implementation_ = "own";
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    if (inputs_.size() > 1) forward.reads.push_back({SlotKind::kInput, 1});
    forward.writes = {{SlotKind::kOutput}};
    steps_.push_back(std::move(forward));
    if (!request.any_gradient()) return;
    wants_data_ = request.input_gradients[0];
    wants_slope_ = inputs_.size() > 1 && request.input_gradients[1];
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = steps_[0].reads;
    backward.reads.push_back({SlotKind::kOutputGradient});
    if (wants_data_) backward.writes.push_back({SlotKind::kInputGradient, 0});
    if (wants_slope_) backward.writes.push_back({SlotKind::kInputGradient, 1});
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const auto floats = [](std::byte* address) { return reinterpret_cast<float*>(address); };
    const Shape& shape = output_.shape;
    const int64_t count = shape.elements();
    Slopes slopes{.kind = op_.kind,
                  .slope = static_cast<float>(op_.slope),
                  .gamma = nullptr,
                  .shared = true,
                  .channels = shape[1],
                  .pixels = shape.elements(2)};
    if (inputs_.size() > 1) {
      slopes.gamma = floats(at.inputs[1]);
      slopes.shared = inputs_[1].shape.elements() == 1;
    }
    const float* x = floats(at.inputs[0]);
    if (step == 0) {
      leak<<<blocks_for(count), kThreads, 0, stream()>>>(slopes, x, floats(at.output), count);
      check(cudaGetLastError(), "leak");
      return;
    }
    const float* dy = floats(at.output_gradient);
    if (wants_data_) {
      leak_backward<<<blocks_for(count), kThreads, 0, stream()>>>(
          slopes, x, dy, floats(at.input_gradients[0]), count);
      check(cudaGetLastError(), "leak_backward");
    }
    if (wants_slope_) {
      const auto blocks = static_cast<unsigned>(slopes.shared ? 1 : slopes.channels);
      sum_slope_gradient<<<blocks, kThreads, 0, stream()>>>(slopes, x, dy, shape[0],
                                                            floats(at.input_gradients[1]));
      check(cudaGetLastError(), "sum_slope_gradient");
    }
  }

 private:
  LeakyRelu op_;
  bool wants_data_ = false, wants_slope_ = false;
};

}  // namespace

std::unique_ptr<Kernel> make_leaky_relu(Backend& backend, const KernelRequest& request,
                                        Refusal& refusal) {
  if (request.inputs[0].shape.rank() < 2) {
    refusal = "data has no channel axis";
    return nullptr;
  }
  return std::make_unique<LeakyReluKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
