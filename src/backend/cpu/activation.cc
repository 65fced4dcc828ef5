// Activation, element by element. Only functions with f(0) = 0 may run in a layout with padding,
// whose padded elements must stay zero; the others take their input row-major or channels last.
#include <algorithm>
#include <cmath>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"

namespace orthrus::cpu {

namespace {

float forward_value(ActivationKind kind, float x) {
  switch (kind) {
    case ActivationKind::kRelu:
      return x < 0 ? 0 : x;
    case ActivationKind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationKind::kTanh:
      return std::tanh(x);
    case ActivationKind::kSoftrelu:
      return x > 20 ? x : std::log1p(std::exp(x));
    case ActivationKind::kSoftsign:
      return x / (1 + std::abs(x));
  }
  return x;
}

// d y / d x in terms of the output y; of softsign in terms of y too: (1 - |y|)^2.
float derivative(ActivationKind kind, float y) {
  switch (kind) {
    case ActivationKind::kRelu:
      return y > 0 ? 1.0F : 0.0F;
    case ActivationKind::kSigmoid:
      return y * (1 - y);
    case ActivationKind::kTanh:
      return 1 - y * y;
    case ActivationKind::kSoftrelu:
      return -std::expm1(-y);
    case ActivationKind::kSoftsign:
      return (1 - std::abs(y)) * (1 - std::abs(y));
  }
  return 1;
}

template <typename T>
class ActivationKernel : public CpuKernel {
 public:
  ActivationKernel(CpuBackend& backend, const KernelRequest& request)
      : CpuKernel(backend, request), kind_(std::get<Activation>(request.node.op).kind) {
    const bool keeps_zero = kind_ != ActivationKind::kSigmoid && kind_ != ActivationKind::kSoftrelu;
    inputs_[0] = keeps_zero || backend.is_channels_last(inputs_[0])
                     ? slab_layout(backend, inputs_[0])
                     : plain_desc(inputs_[0].shape, kDTypeIn<T>);
    output_ = inputs_[0];
    implementation_ = std::string("own:") + backend.vectors().name +
                      (output_.dtype == DType::kBF16 ? ":bf16" : "");
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, 0}};
    forward.writes = {{SlotKind::kOutput}};
    forward.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput}}};
    steps_.push_back(std::move(forward));
    if (!request.any_gradient()) return;
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kOutput}, {SlotKind::kOutputGradient}};
    backward.writes = {{SlotKind::kInputGradient, 0}};
    backward.in_place = {{{SlotKind::kOutputGradient}, {SlotKind::kInputGradient, 0}}};
    steps_.push_back(std::move(backward));
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    const auto count = static_cast<int64_t>(output_.size_bytes / sizeof(T));
#pragma omp parallel for schedule(static)
    for (int64_t begin = 0; begin < count; begin += kChunk) {
      const int64_t end = std::min(begin + kChunk, count);
      if (step == 0) {
        forward(elements<T>(at.inputs[0]), elements<T>(at.output), begin, end);
      } else {
        backward(elements<T>(at.output), elements<T>(at.output_gradient),
                 elements<T>(at.input_gradients[0]), begin, end);
      }
    }
  }

 private:
  void forward(const T* x, T* y, int64_t begin, int64_t end) const {
    if (kind_ == ActivationKind::kRelu) {
      kernels_of<T>(backend_.vectors())
          .relu(x + begin, y + begin, static_cast<size_t>(end - begin));
      return;
    }
    for (int64_t i = begin; i < end; ++i) y[i] = narrowed<T>(forward_value(kind_, widened(x[i])));
  }

  void backward(const T* y, const T* dy, T* dx, int64_t begin, int64_t end) const {
    if (kind_ == ActivationKind::kRelu) {
      kernels_of<T>(backend_.vectors())
          .relu_gradient(y + begin, dy + begin, dx + begin, static_cast<size_t>(end - begin));
      return;
    }
    for (int64_t i = begin; i < end; ++i) {
      dx[i] = narrowed<T>(widened(dy[i]) * derivative(kind_, widened(y[i])));
    }
  }

  ActivationKind kind_;
};

}  // namespace

std::unique_ptr<Kernel> make_activation(Backend& backend, const KernelRequest& request, Refusal&) {
  return make_for_elements<ActivationKernel>(backend, request);
}

}  // namespace orthrus::cpu
