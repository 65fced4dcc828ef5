// The tasks' gradients at the shared features, as the methods of tasks/weighting see them: by
// their inner products alone. Each of these methods gives the shared layers a weighted sum of the
// gradients, so the weights follow from these few numbers, whatever the size of the features, and
// the layers below are walked backward once.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace orthrus {

class GradientProducts {
 public:
  explicit GradientProducts(size_t tasks) : tasks_(tasks), products_(tasks * tasks) {}

  [[nodiscard]] size_t tasks() const { return tasks_; }
  // g_t . g_u, over the whole batch.
  [[nodiscard]] double operator()(size_t t, size_t u) const { return products_[t * tasks_ + u]; }
  [[nodiscard]] double norm(size_t t) const;
  // A task without a label in the batch, or of weight 0, has no gradient.
  [[nodiscard]] bool has_gradient(size_t t) const { return (*this)(t, t) > 0; }
  // The tasks that have one, in order.
  [[nodiscard]] std::vector<size_t> with_gradient() const;

  void set(size_t t, size_t u, double product) {
    products_[t * tasks_ + u] = products_[u * tasks_ + t] = product;
  }

 private:
  size_t tasks_;
  std::vector<double> products_;
};

// Of `gradients`, all of one size, each divided by its entry of `scales`; a scale of 0 makes no
// gradient of it.
[[nodiscard]] GradientProducts products_of(std::span<const std::span<const float>> gradients,
                                           std::span<const double> scales);

// dst = sum over t of mix[t] times gradients[t].
void mix_gradients(std::span<const std::span<const float>> gradients, std::span<const double> mix,
                   std::span<float> dst);

}  // namespace orthrus
