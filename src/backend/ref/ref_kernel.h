// RefKernel: what the reference kernels of all operators share: every buffer plain and of one
// element type (float or double), one function per step. It is not meant to be fast: the kernels on
// top of it are the oracle that other kernels are compared with, and sums are taken in double in
// either type.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "backend/backend.h"
#include "backend/kernel.h"

namespace orthrus {

// Reads as "the i-th buffer of a list as T"; null where it is absent.
template <typename T>
[[nodiscard]] T* buffer_at(const std::vector<std::byte*>& buffers, int index) {
  return static_cast<size_t>(index) < buffers.size()
             ? reinterpret_cast<T*>(buffers[static_cast<size_t>(index)])
             : nullptr;
}

// The buffers of one step as elements of type T.
template <typename T>
class StepView {
 public:
  explicit StepView(const StepBuffers& buffers) : buffers_(buffers) {}

  [[nodiscard]] T* input(int index) const { return buffer_at<T>(buffers_.inputs, index); }
  [[nodiscard]] T* output() const { return reinterpret_cast<T*>(buffers_.output); }
  [[nodiscard]] T* saved(int index) const { return buffer_at<T>(buffers_.saved, index); }
  [[nodiscard]] const T* output_gradient() const {
    return reinterpret_cast<const T*>(buffers_.output_gradient);
  }
  [[nodiscard]] T* input_gradient(int index) const {
    return buffer_at<T>(buffers_.input_gradients, index);
  }

 private:
  const StepBuffers& buffers_;
};

template <typename T>
class RefKernel : public Kernel {
 public:
  void bind(int step, const StepBuffers& buffers) override {
    bound_[static_cast<size_t>(step)] = buffers;
  }
  void run(int step, const StepContext& context) override {
    work_[static_cast<size_t>(step)](StepView<T>(bound_[static_cast<size_t>(step)]), context);
  }

 protected:
  using Work = std::function<void(const StepView<T>& buffers, const StepContext& context)>;

  explicit RefKernel(const KernelRequest& request) : wanted_(request.input_gradients) {
    for (const BufferDesc& input : request.inputs) {
      inputs_.push_back(plain_desc(input.shape, kDTypeOf<T>));
    }
    output_ = plain_desc(request.output.shape, kDTypeOf<T>);
    implementation_ = "ref";
  }

  // Is the gradient of this input asked for?
  [[nodiscard]] bool wants(int input) const {
    return static_cast<size_t>(input) < wanted_.size() && wanted_[static_cast<size_t>(input)];
  }
  [[nodiscard]] const Shape& input_shape(int input) const {
    return inputs_[static_cast<size_t>(input)].shape;
  }
  void add_step(KernelStep step, Work work) {
    steps_.push_back(std::move(step));
    work_.push_back(std::move(work));
    bound_.emplace_back();
  }
  // Adds a backward step that writes those of `inputs` whose gradient is wanted, or none at all
  // when none of them is.
  void add_backward(std::string name, std::vector<Slot> reads, const std::vector<int>& inputs,
                    Work work, double flops = 0) {
    KernelStep step{.name = std::move(name),
                    .phase = Phase::kBackward,
                    .reads = std::move(reads),
                    .writes = {},
                    .in_place = {},
                    .scratch_bytes = 0,
                    .flops = flops};
    for (const int input : inputs) {
      if (wants(input)) step.writes.push_back({SlotKind::kInputGradient, input});
    }
    if (!step.writes.empty()) add_step(std::move(step), std::move(work));
  }

 private:
  std::vector<bool> wanted_;
  std::vector<StepBuffers> bound_;
  std::vector<Work> work_;
};

// The forward step of an operator that reads all its inputs and writes the output.
[[nodiscard]] KernelStep forward_step(const KernelRequest& request, double flops = 0);

// Empty when the reference kernels can compute the request in the output's type, float32 or
// float64: every input has that type, or is bf16 where a plan widens it to float32, and no gradient
// is wanted but those of inputs [0, differentiable).
[[nodiscard]] Refusal ref_refusal(const KernelRequest& request, int differentiable);

// Makes KernelT<float> or KernelT<double>, as the request's element type says.
template <template <typename> class KernelT>
std::unique_ptr<Kernel> make_ref(const KernelRequest& request, int differentiable,
                                 Refusal& refusal) {
  refusal = ref_refusal(request, differentiable);
  if (!refusal.empty()) return nullptr;
  if (request.output.dtype == DType::kF64) return std::make_unique<KernelT<double>>(request);
  return std::make_unique<KernelT<float>>(request);
}

}  // namespace orthrus
