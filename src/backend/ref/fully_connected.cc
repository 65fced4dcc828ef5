#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

template <typename T>
class RefFullyConnected : public RefKernel<T> {
 public:
  explicit RefFullyConnected(const KernelRequest& request)
      : RefKernel<T>(request),
        has_bias_(std::get<FullyConnected>(request.node.op).has_bias),
        rows_(this->output_.shape[0]),
        features_(this->input_shape(0).elements(1)),
        hidden_(this->output_.shape[1]) {
    const double flops = 2.0 * static_cast<double>(rows_ * features_ * hidden_);
    this->add_step(forward_step(request, flops),
                   [this](const StepView<T>& view, const StepContext&) { forward(view); });
    this->add_backward(
        "backward_data", {{SlotKind::kOutputGradient, 0}, {SlotKind::kInput, 1}}, {0},
        [this](const StepView<T>& view, const StepContext&) { backward_data(view); }, flops);
    this->add_backward(
        "backward_weights", {{SlotKind::kOutputGradient, 0}, {SlotKind::kInput, 0}}, {1, 2},
        [this](const StepView<T>& view, const StepContext&) { backward_weights(view); }, flops);
  }

 private:
  void forward(const StepView<T>& view) const {
    for (int64_t n = 0; n < rows_; ++n) {
      const T* src = view.input(0) + n * features_;
      for (int64_t k = 0; k < hidden_; ++k) {
        const T* weight = view.input(1) + k * features_;
        double sum = has_bias_ ? view.input(2)[k] : 0;
        for (int64_t f = 0; f < features_; ++f) sum += double{src[f]} * weight[f];
        view.output()[n * hidden_ + k] = static_cast<T>(sum);
      }
    }
  }

  void backward_data(const StepView<T>& view) const {
    for (int64_t n = 0; n < rows_; ++n) {
      for (int64_t f = 0; f < features_; ++f) {
        double sum = 0;
        for (int64_t k = 0; k < hidden_; ++k) {
          sum += double{view.output_gradient()[n * hidden_ + k]} * view.input(1)[k * features_ + f];
        }
        view.input_gradient(0)[n * features_ + f] = static_cast<T>(sum);
      }
    }
  }

  void backward_weights(const StepView<T>& view) const {
    for (int64_t k = 0; k < hidden_; ++k) {
      for (int64_t f = 0; this->wants(1) && f < features_; ++f) {
        double sum = 0;
        for (int64_t n = 0; n < rows_; ++n) {
          sum += double{view.output_gradient()[n * hidden_ + k]} * view.input(0)[n * features_ + f];
        }
        view.input_gradient(1)[k * features_ + f] = static_cast<T>(sum);
      }
      if (!this->wants(2)) continue;
      double sum = 0;
      for (int64_t n = 0; n < rows_; ++n) sum += view.output_gradient()[n * hidden_ + k];
      view.input_gradient(2)[k] = static_cast<T>(sum);
    }
  }

  bool has_bias_;
  int64_t rows_;
  int64_t features_;
  int64_t hidden_;
};

}  // namespace

std::unique_ptr<Kernel> make_ref_fully_connected(Backend&, const KernelRequest& request,
                                                 Refusal& refusal) {
  return make_ref<RefFullyConnected>(request, 3, refusal);
}

}  // namespace orthrus
