// LeakyReLU, PReLU and ELU on slabs. All of them keep zero, so that padding stays zero.
#include <algorithm>
#include <cmath>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"

namespace orthrus::cpu {

namespace {

class LeakyReluKernel : public CpuKernel {
 public:
  LeakyReluKernel(CpuBackend& backend, const KernelRequest& request)
      : CpuKernel(backend, request), op_(std::get<LeakyRelu>(request.node.op)) {
    // The loops below are for rows of one channel or one block.
    const bool takes = inputs_[0].dtype == DType::kF32 && !backend.is_channels_last(inputs_[0]);
    inputs_[0] = takes ? slab_layout(backend, inputs_[0]) : plain_desc(inputs_[0].shape);
    output_ = inputs_[0];
    slabs_ = slabs_of(backend, inputs_[0]);
    shared_slope_ = inputs_.size() > 1 && inputs_[1].shape.elements() == 1;
    implementation_ = std::string("own:") + backend.vectors().name;
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
    if (wants_slope_) {
      backward.writes.push_back({SlotKind::kInputGradient, 1});
      backward.scratch_bytes =
          static_cast<size_t>(slabs_.pieces * slabs_.groups * slabs_.block) * sizeof(double);
    }
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t image = 0; image < slabs_.pieces; ++image) {
      for (int64_t group = 0; group < slabs_.groups; ++group) {
        if (step == 0) {
          forward(at, image, group);
        } else {
          backward(at, image, group);
        }
      }
    }
    if (step == 1 && wants_slope_) sum_slope_gradient(at);
  }

 private:
  float slope(const StepBuffers& at, int64_t channel) const {
    if (op_.kind != LeakyKind::kPrelu) return static_cast<float>(op_.slope);
    if (channel >= slabs_.channels) return 0;
    return floats(at.inputs[1])[shared_slope_ ? 0 : channel];
  }

  void forward(const StepBuffers& at, int64_t image, int64_t group) const {
    const float* x = floats(at.inputs[0]) + slabs_.offset(image, group);
    float* y = floats(at.output) + slabs_.offset(image, group);
    int64_t done = 0;
    float slopes[kLanes];
    for (int64_t lane = 0; lane < static_cast<int64_t>(kLanes); ++lane) {
      slopes[lane] = slope(at, group * slabs_.block + lane % slabs_.block);
    }
    if (op_.kind != LeakyKind::kElu) {
      backend_.vectors().leaky(x, y, slabs_.rows, slopes);
      done = static_cast<int64_t>(slabs_.rows * kLanes);
    }
    for (int64_t i = done; i < slabs_.size; ++i) {
      const float s = slopes[i % static_cast<int64_t>(kLanes)];
      y[i] = x[i] > 0 ? x[i] : s * (op_.kind == LeakyKind::kElu ? std::expm1(x[i]) : x[i]);
    }
  }

  void backward(const StepBuffers& at, int64_t image, int64_t group) const {
    const int64_t offset = slabs_.offset(image, group);
    const float* x = floats(at.inputs[0]) + offset;
    const float* dy = floats(at.output_gradient) + offset;
    double sums[kLanes] = {};
    for (int64_t i = 0; i < slabs_.size; ++i) {
      const int64_t lane = i % slabs_.block;
      const float s = slope(at, group * slabs_.block + lane);
      const float local = op_.kind == LeakyKind::kElu ? s * std::exp(x[i]) : s;
      if (wants_data_) floats(at.input_gradients[0])[offset + i] = x[i] > 0 ? dy[i] : local * dy[i];
      if (x[i] <= 0) sums[lane] += static_cast<double>(dy[i]) * static_cast<double>(x[i]);
    }
    if (!wants_slope_) return;
    auto* partial =
        reinterpret_cast<double*>(at.scratch) + (image * slabs_.groups + group) * slabs_.block;
    std::copy_n(sums, slabs_.block, partial);
  }

  void sum_slope_gradient(const StepBuffers& at) const {
    const auto* partial = reinterpret_cast<const double*>(at.scratch);
    float* gradient = floats(at.input_gradients[1]);
    double shared = 0;
    for (int64_t channel = 0; channel < slabs_.channels; ++channel) {
      double sum = 0;
      for (int64_t image = 0; image < slabs_.pieces; ++image) {
        sum += partial[image * slabs_.groups * slabs_.block + channel];
      }
      shared += sum;
      if (!shared_slope_) gradient[channel] = static_cast<float>(sum);
    }
    if (shared_slope_) gradient[0] = static_cast<float>(shared);
  }

  LeakyRelu op_;
  Slabs slabs_;
  bool shared_slope_ = false, wants_data_ = false, wants_slope_ = false;
};

}  // namespace

std::unique_ptr<Kernel> make_leaky_relu(Backend& backend, const KernelRequest& request,
                                        Refusal& refusal) {
  if (request.inputs[0].shape.rank() < 2) {
    refusal = "data has no channel axis";
    return nullptr;
  }
  return std::make_unique<LeakyReluKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
