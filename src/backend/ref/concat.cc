#include <algorithm>

#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

template <typename T>
class RefConcat : public RefKernel<T> {
 public:
  explicit RefConcat(const KernelRequest& request) : RefKernel<T>(request) {
    std::vector<int> all;
    for (int i = 0; i < static_cast<int>(request.inputs.size()); ++i) all.push_back(i);
    this->add_step(forward_step(request),
                   [this](const StepView<T>& view, const StepContext&) { forward(view); });
    this->add_backward("backward", {{SlotKind::kOutputGradient, 0}}, all,
                       [this](const StepView<T>& view, const StepContext&) { backward(view); });
  }

 private:
  // Calls visit(input, position in the input, position in the output, length) for every contiguous
  // piece: the channels of one input in one picture.
  template <typename Visit>
  void for_each_piece(Visit visit) const {
    int64_t at = 0;
    for (int64_t n = 0; n < this->output_.shape[0]; ++n) {
      for (int i = 0; i < static_cast<int>(this->inputs_.size()); ++i) {
        const int64_t length = this->input_shape(i).elements(1);
        visit(i, n * length, at, length);
        at += length;
      }
    }
  }

  void forward(const StepView<T>& view) const {
    for_each_piece([&](int input, int64_t from, int64_t to, int64_t length) {
      std::copy_n(view.input(input) + from, length, view.output() + to);
    });
  }

  void backward(const StepView<T>& view) const {
    for_each_piece([&](int input, int64_t to, int64_t from, int64_t length) {
      if (!this->wants(input)) return;
      std::copy_n(view.output_gradient() + from, length, view.input_gradient(input) + to);
    });
  }
};

}  // namespace

std::unique_ptr<Kernel> make_ref_concat(Backend&, const KernelRequest& request, Refusal& refusal) {
  return make_ref<RefConcat>(request, static_cast<int>(request.inputs.size()), refusal);
}

}  // namespace orthrus
