#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

// d sum / d input = 1 for every input: the plan hands the output's gradient on, there is no
// backward step.
template <typename T>
class RefAdd : public RefKernel<T> {
 public:
  explicit RefAdd(const KernelRequest& request) : RefKernel<T>(request) {
    this->passes_gradient_through_ = true;
    KernelStep step = forward_step(request);
    for (int i = 0; i < count(); ++i) {
      step.in_place.push_back({{SlotKind::kInput, i}, {SlotKind::kOutput, 0}});
    }
    this->add_step(std::move(step),
                   [this](const StepView<T>& view, const StepContext&) { forward(view); });
  }

 private:
  [[nodiscard]] int count() const { return static_cast<int>(this->inputs_.size()); }

  void forward(const StepView<T>& view) const {
    for (int64_t i = 0; i < this->output_.shape.elements(); ++i) {
      double sum = 0;
      for (int input = 0; input < count(); ++input) sum += view.input(input)[i];
      view.output()[i] = static_cast<T>(sum);
    }
  }
};

}  // namespace

std::unique_ptr<Kernel> make_ref_add(Backend&, const KernelRequest& request, Refusal& refusal) {
  return make_ref<RefAdd>(request, static_cast<int>(request.inputs.size()), refusal);
}

}  // namespace orthrus
