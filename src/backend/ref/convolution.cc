#include <algorithm>

#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

// All three directions walk over the same pairs: an output pixel and a tap that lies inside the
// picture.
template <typename T>
class RefConvolution : public RefKernel<T> {
 public:
  explicit RefConvolution(const KernelRequest& request)
      : RefKernel<T>(request),
        op_(std::get<Convolution>(request.node.op)),
        src_(this->input_shape(0)),
        dst_(this->output_.shape),
        group_inputs_(src_[1] / op_.num_group),
        group_outputs_(dst_[1] / op_.num_group) {
    const double flops =
        2.0 * static_cast<double>(dst_.elements() * group_inputs_ * op_.kernel.h * op_.kernel.w);
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
  // Positions of elements in row-major (N,C,H,W) and (O,I/groups,kh,kw).
  [[nodiscard]] int64_t src_at(int64_t n, int64_t c, int64_t y, int64_t x) const {
    return ((n * src_[1] + c) * src_[2] + y) * src_[3] + x;
  }
  [[nodiscard]] int64_t dst_at(int64_t n, int64_t c, int64_t y, int64_t x) const {
    return ((n * dst_[1] + c) * dst_[2] + y) * dst_[3] + x;
  }
  [[nodiscard]] int64_t weight_at(int64_t o, int64_t i, int64_t r, int64_t s) const {
    return ((o * group_inputs_ + i) * op_.kernel.h + r) * op_.kernel.w + s;
  }

  // Calls visit(position in src, position in weight) for each product that output pixel (n,o,y,x)
  // sums.
  template <typename Visit>
  void for_each_tap(int64_t n, int64_t o, int64_t y, int64_t x, Visit visit) const {
    const int64_t first_input = o / group_outputs_ * group_inputs_;
    for (int64_t i = 0; i < group_inputs_; ++i) {
      for (int64_t r = 0; r < op_.kernel.h; ++r) {
        const int64_t sy = y * op_.stride.h - op_.pad.h + r * op_.dilate.h;
        if (sy < 0 || sy >= src_[2]) continue;
        for (int64_t s = 0; s < op_.kernel.w; ++s) {
          const int64_t sx = x * op_.stride.w - op_.pad.w + s * op_.dilate.w;
          if (sx < 0 || sx >= src_[3]) continue;
          visit(src_at(n, first_input + i, sy, sx), weight_at(o, i, r, s));
        }
      }
    }
  }

  // Calls visit(n, o, y, x) for each output pixel.
  template <typename Visit>
  void for_each_output(Visit visit) const {
    for (int64_t n = 0; n < dst_[0]; ++n) {
      for (int64_t o = 0; o < dst_[1]; ++o) {
        for (int64_t y = 0; y < dst_[2]; ++y) {
          for (int64_t x = 0; x < dst_[3]; ++x) visit(n, o, y, x);
        }
      }
    }
  }

  void forward(const StepView<T>& view) const {
    const T* src = view.input(0);
    const T* weight = view.input(1);
    for_each_output([&](int64_t n, int64_t o, int64_t y, int64_t x) {
      double sum = op_.has_bias ? view.input(2)[o] : 0;
      for_each_tap(n, o, y, x, [&](int64_t s, int64_t w) { sum += double{src[s]} * weight[w]; });
      const int64_t at = dst_at(n, o, y, x);
      if (op_.fused_add) sum += view.input(op_.residual_input())[at];
      view.output()[at] = static_cast<T>(op_.fused_relu ? std::max(sum, 0.0) : sum);
    });
  }

  void backward_data(const StepView<T>& view) const {
    std::vector<double> gradient(static_cast<size_t>(src_.elements()), 0.0);
    double* sums = gradient.data();
    const T* weight = view.input(1);
    for_each_output([&](int64_t n, int64_t o, int64_t y, int64_t x) {
      const double dy = view.output_gradient()[dst_at(n, o, y, x)];
      for_each_tap(n, o, y, x, [&](int64_t s, int64_t w) { sums[s] += dy * weight[w]; });
    });
    for (int64_t i = 0; i < src_.elements(); ++i) {
      view.input_gradient(0)[i] = static_cast<T>(sums[i]);
    }
  }

  void backward_weights(const StepView<T>& view) const {
    const int64_t weights = this->input_shape(1).elements();
    std::vector<double> weight_gradient(static_cast<size_t>(weights), 0.0);
    std::vector<double> bias_gradient(static_cast<size_t>(dst_[1]), 0.0);
    double* sums = weight_gradient.data();
    const T* src = view.input(0);
    for_each_output([&](int64_t n, int64_t o, int64_t y, int64_t x) {
      const double dy = view.output_gradient()[dst_at(n, o, y, x)];
      bias_gradient[static_cast<size_t>(o)] += dy;
      for_each_tap(n, o, y, x, [&](int64_t s, int64_t w) { sums[w] += dy * src[s]; });
    });
    for (int64_t i = 0; this->wants(1) && i < weights; ++i) {
      view.input_gradient(1)[i] = static_cast<T>(sums[i]);
    }
    for (int64_t o = 0; this->wants(2) && o < dst_[1]; ++o) {
      view.input_gradient(2)[o] = static_cast<T>(bias_gradient[static_cast<size_t>(o)]);
    }
  }

  Convolution op_;
  Shape src_;
  Shape dst_;
  int64_t group_inputs_;   // input channels of one group
  int64_t group_outputs_;  // output channels of one group
};

}  // namespace

std::unique_ptr<Kernel> make_ref_convolution(Backend&, const KernelRequest& request,
                                             Refusal& refusal) {
  if (std::get<Convolution>(request.node.op).fused() && request.any_gradient()) {
    refusal = "no gradients of a fused convolution";
    return nullptr;
  }
  return make_ref<RefConvolution>(request, 3, refusal);
}

}  // namespace orthrus
