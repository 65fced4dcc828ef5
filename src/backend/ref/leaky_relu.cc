#include <cmath>

#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

template <typename T>
class RefLeakyRelu : public RefKernel<T> {
 public:
  explicit RefLeakyRelu(const KernelRequest& request)
      : RefKernel<T>(request), op_(std::get<LeakyRelu>(request.node.op)) {
    const bool learned = op_.kind == LeakyKind::kPrelu;
    if (learned) {
      const Shape& shape = this->input_shape(0);
      channels_ = shape[1];
      pixels_ = shape.elements(2);
      shared_ = this->input_shape(1).elements() == 1;
    }
    KernelStep step = forward_step(request);
    step.in_place = {{{SlotKind::kInput, 0}, {SlotKind::kOutput, 0}}};
    this->add_step(std::move(step),
                   [this](const StepView<T>& view, const StepContext&) { forward(view); });
    std::vector<Slot> reads = {{SlotKind::kOutputGradient, 0}, {SlotKind::kInput, 0}};
    if (learned) reads.push_back({SlotKind::kInput, 1});
    this->add_backward("backward", std::move(reads), {0, 1},
                       [this](const StepView<T>& view, const StepContext&) { backward(view); });
  }

 private:
  // Which element of gamma belongs to element i of the data.
  [[nodiscard]] int64_t gamma_index(int64_t i) const {
    return shared_ ? 0 : (i / pixels_) % channels_;
  }
  [[nodiscard]] double slope(const StepView<T>& view, int64_t i) const {
    return op_.kind == LeakyKind::kPrelu ? double{view.input(1)[gamma_index(i)]} : op_.slope;
  }

  void forward(const StepView<T>& view) const {
    for (int64_t i = 0; i < this->output_.shape.elements(); ++i) {
      const double x = view.input(0)[i];
      const double below = op_.kind == LeakyKind::kElu ? std::expm1(x) : x;
      view.output()[i] = static_cast<T>(x > 0 ? x : slope(view, i) * below);
    }
  }

  void backward(const StepView<T>& view) const {
    std::vector<double> gamma_gradient(static_cast<size_t>(shared_ ? 1 : channels_), 0.0);
    for (int64_t i = 0; i < this->output_.shape.elements(); ++i) {
      const double x = view.input(0)[i];
      const double dy = view.output_gradient()[i];
      const double below = op_.kind == LeakyKind::kElu ? std::exp(x) : 1;
      if (this->wants(0)) {
        view.input_gradient(0)[i] = static_cast<T>(x > 0 ? dy : dy * slope(view, i) * below);
      }
      if (this->wants(1) && x <= 0) {
        gamma_gradient[static_cast<size_t>(gamma_index(i))] += dy * x;
      }
    }
    if (!this->wants(1)) return;
    for (size_t c = 0; c < gamma_gradient.size(); ++c) {
      view.input_gradient(1)[c] = static_cast<T>(gamma_gradient[c]);
    }
  }

  LeakyRelu op_;
  int64_t channels_ = 1;
  int64_t pixels_ = 1;
  bool shared_ = true;
};

}  // namespace

std::unique_ptr<Kernel> make_ref_leaky_relu(Backend&, const KernelRequest& request,
                                            Refusal& refusal) {
  return make_ref<RefLeakyRelu>(request, 2, refusal);
}

}  // namespace orthrus
