#include <algorithm>
#include <limits>

#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

// A window along one axis. With the full convention it may hang over the padded picture's end,
// where it is cut off; it may even lie wholly outside.
struct Window {
  int64_t begin = 0;  // inside the picture
  int64_t end = 0;    // exclusive; not above begin when no pixel is inside
  int64_t padded_length = 0;

  [[nodiscard]] int64_t length() const { return std::max<int64_t>(end - begin, 0); }
};

Window window_at(int64_t index, int64_t size, int64_t kernel, int64_t stride, int64_t pad) {
  const int64_t start = index * stride - pad;
  const int64_t stop = std::min(start + kernel, size + pad);
  return {std::max<int64_t>(start, 0), std::min(stop, size), stop - start};
}

template <typename T>
class RefPooling : public RefKernel<T> {
 public:
  explicit RefPooling(const KernelRequest& request)
      : RefKernel<T>(request),
        op_(std::get<Pooling>(request.node.op)),
        src_(this->input_shape(0)),
        dst_(this->output_.shape) {
    if (op_.global) {
      op_.kernel = {src_[2], src_[3]};
      op_.stride = {1, 1};
      op_.pad = {0, 0};
    }
    this->add_step(forward_step(request),
                   [this](const StepView<T>& view, const StepContext&) { forward(view); });
    std::vector<Slot> reads = {{SlotKind::kOutputGradient, 0}};
    if (op_.kind == PoolingKind::kMax) reads.push_back({SlotKind::kInput, 0});
    this->add_backward("backward", std::move(reads), {0},
                       [this](const StepView<T>& view, const StepContext&) { backward(view); });
  }

 private:
  // Calls visit(position in dst, offset of the plane in src, window of rows, window of columns).
  template <typename Visit>
  void for_each_output(Visit visit) const {
    int64_t at = 0;
    for (int64_t plane = 0; plane < dst_[0] * dst_[1]; ++plane) {
      for (int64_t y = 0; y < dst_[2]; ++y) {
        const Window rows = window_at(y, src_[2], op_.kernel.h, op_.stride.h, op_.pad.h);
        for (int64_t x = 0; x < dst_[3]; ++x, ++at) {
          const Window columns = window_at(x, src_[3], op_.kernel.w, op_.stride.w, op_.pad.w);
          visit(at, plane * src_[2] * src_[3], rows, columns);
        }
      }
    }
  }

  // Calls visit(position in src) for each pixel of the window, row by row.
  template <typename Visit>
  void for_each_pixel(int64_t plane, const Window& rows, const Window& columns, Visit visit) const {
    for (int64_t y = rows.begin; y < rows.end; ++y) {
      for (int64_t x = columns.begin; x < columns.end; ++x) visit(plane + y * src_[3] + x);
    }
  }

  // What a sum is divided by; 1 where the window holds no pixel, whose sum is 0.
  [[nodiscard]] double divisor(const Window& rows, const Window& columns) const {
    if (op_.kind == PoolingKind::kSum) return 1;
    const int64_t pixels = rows.length() * columns.length();
    if (pixels == 0) return 1;
    return static_cast<double>(op_.count_include_pad ? rows.padded_length * columns.padded_length
                                                     : pixels);
  }

  // Position of the largest pixel, the first of equal ones; -1 where the window holds none.
  [[nodiscard]] int64_t position_of_max(const T* src, int64_t plane, const Window& rows,
                                        const Window& columns) const {
    int64_t best = -1;
    for_each_pixel(plane, rows, columns, [&](int64_t at) {
      if (best < 0 || src[at] > src[best]) best = at;
    });
    return best;
  }

  void forward(const StepView<T>& view) const {
    const T* src = view.input(0);
    for_each_output([&](int64_t at, int64_t plane, const Window& rows, const Window& columns) {
      if (op_.kind == PoolingKind::kMax) {
        const int64_t best = position_of_max(src, plane, rows, columns);
        view.output()[at] = best < 0 ? T{std::numeric_limits<float>::lowest()} : src[best];
        return;
      }
      double sum = 0;
      for_each_pixel(plane, rows, columns, [&](int64_t pixel) { sum += src[pixel]; });
      view.output()[at] = static_cast<T>(sum / divisor(rows, columns));
    });
  }

  void backward(const StepView<T>& view) const {
    std::vector<double> gradient(static_cast<size_t>(src_.elements()), 0.0);
    for_each_output([&](int64_t at, int64_t plane, const Window& rows, const Window& columns) {
      const double dy = view.output_gradient()[at];
      if (op_.kind == PoolingKind::kMax) {
        const int64_t best = position_of_max(view.input(0), plane, rows, columns);
        if (best >= 0) gradient[static_cast<size_t>(best)] += dy;
        return;
      }
      const double share = dy / divisor(rows, columns);
      for_each_pixel(plane, rows, columns,
                     [&](int64_t pixel) { gradient[static_cast<size_t>(pixel)] += share; });
    });
    for (size_t i = 0; i < gradient.size(); ++i) {
      view.input_gradient(0)[i] = static_cast<T>(gradient[i]);
    }
  }

  Pooling op_;
  Shape src_;
  Shape dst_;
};

}  // namespace

std::unique_ptr<Kernel> make_ref_pooling(Backend&, const KernelRequest& request, Refusal& refusal) {
  return make_ref<RefPooling>(request, 1, refusal);
}

}  // namespace orthrus
