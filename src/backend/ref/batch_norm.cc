// BatchNorm has two kinds of statistics: the batch's (training, unless use_global_stats), through
// which gradients flow, and the running ones, which are constants. Either kind is kept for backward
// as mean and 1 / sqrt(variance + eps), so that the later steps do not care which it was.
//
// Inputs 3 and 4, the running statistics, are moved by each forward step in training; and with
// fix_gamma input 1 is set to 1, as MXNet does. Both are written through the pointers of inputs.

#include <cmath>

#include "backend/ref/ref_backend.h"
#include "backend/ref/ref_kernel.h"

namespace orthrus {

namespace {

enum Input { kData, kGamma, kBeta, kMovingMean, kMovingVariance, kResidual };
enum Saved { kMean, kInverseDeviation };

template <typename T>
class RefBatchNorm : public RefKernel<T> {
 public:
  explicit RefBatchNorm(const KernelRequest& request)
      : RefKernel<T>(request),
        op_(std::get<BatchNorm>(request.node.op)),
        training_(request.training),
        batch_statistics_(request.training && !op_.use_global_stats),
        pictures_(this->output_.shape[0]),
        channels_(this->output_.shape[1]),
        pixels_(this->output_.shape.elements(2)) {
    add_forward(request);
    if (!request.any_gradient()) return;
    if (op_.fused_relu && !op_.fused_add) add_recompute();
    add_backward_step();
  }

 private:
  void add_forward(const KernelRequest& request) {
    KernelStep step = forward_step(request);
    step.in_place = {{{SlotKind::kInput, kData}, {SlotKind::kOutput, 0}}};
    if (op_.fused_add)
      step.in_place.push_back({{SlotKind::kInput, kResidual}, {SlotKind::kOutput, 0}});
    if (request.any_gradient()) {
      this->saved_ = {plain_desc({channels_}, kDTypeOf<T>), plain_desc({channels_}, kDTypeOf<T>)};
      step.writes.push_back({SlotKind::kSaved, kMean});
      step.writes.push_back({SlotKind::kSaved, kInverseDeviation});
    }
    this->add_step(std::move(step),
                   [this](const StepView<T>& view, const StepContext&) { forward(view); });
  }

  // Builds the output again from input 0 and what was saved.
  void add_recompute() {
    KernelStep step{.name = "recompute",
                    .phase = Phase::kRecompute,
                    .reads = {{SlotKind::kInput, kData},
                              {SlotKind::kInput, kGamma},
                              {SlotKind::kInput, kBeta},
                              {SlotKind::kSaved, kMean},
                              {SlotKind::kSaved, kInverseDeviation}},
                    .writes = {{SlotKind::kOutput, 0}},
                    .in_place = {},
                    .scratch_bytes = 0,
                    .flops = 0};
    this->add_step(std::move(step), [this](const StepView<T>& view, const StepContext&) {
      for (int64_t c = 0; c < channels_; ++c) {
        normalise(view, c, view.saved(kMean)[c], view.saved(kInverseDeviation)[c]);
      }
    });
  }

  void add_backward_step() {
    std::vector<Slot> reads = {{SlotKind::kOutputGradient, 0},
                               {SlotKind::kInput, kData},
                               {SlotKind::kInput, kGamma},
                               {SlotKind::kSaved, kMean},
                               {SlotKind::kSaved, kInverseDeviation}};
    if (op_.fused_relu) reads.push_back({SlotKind::kOutput, 0});
    this->add_backward("backward", std::move(reads), {kData, kGamma, kBeta, kResidual},
                       [this](const StepView<T>& view, const StepContext&) { backward(view); });
  }

  // Calls visit(position) for each element of a channel.
  template <typename Visit>
  void for_each_in_channel(int64_t channel, Visit visit) const {
    for (int64_t n = 0; n < pictures_; ++n) {
      const int64_t start = (n * channels_ + channel) * pixels_;
      for (int64_t i = 0; i < pixels_; ++i) visit(start + i);
    }
  }
  [[nodiscard]] double elements_per_channel() const {
    return static_cast<double>(pictures_ * pixels_);
  }
  [[nodiscard]] double gamma(const StepView<T>& view, int64_t channel) const {
    return op_.fix_gamma ? 1 : double{view.input(kGamma)[channel]};
  }

  void forward(const StepView<T>& view) const {
    for (int64_t c = 0; c < channels_; ++c) {
      double mean = view.input(kMovingMean)[c];
      double variance = view.input(kMovingVariance)[c];
      if (batch_statistics_) {
        mean = 0;
        variance = 0;
        for_each_in_channel(c, [&](int64_t i) { mean += view.input(kData)[i]; });
        mean /= elements_per_channel();
        for_each_in_channel(c, [&](int64_t i) {
          variance += (view.input(kData)[i] - mean) * (view.input(kData)[i] - mean);
        });
        variance /= elements_per_channel();
        move(view.input(kMovingMean)[c], mean);
        move(view.input(kMovingVariance)[c], variance);
      }
      if (training_ && op_.fix_gamma) view.input(kGamma)[c] = 1;
      // Rounded to what backward gets, so that a recomputed output is the same to the last bit.
      const T kept_mean = static_cast<T>(mean);
      const T kept_inverse = static_cast<T>(1 / std::sqrt(variance + op_.eps));
      if (view.saved(kMean) != nullptr) {
        view.saved(kMean)[c] = kept_mean;
        view.saved(kInverseDeviation)[c] = kept_inverse;
      }
      normalise(view, c, kept_mean, kept_inverse);
    }
  }

  void move(T& running, double batch) const {
    running = static_cast<T>(op_.momentum * running + (1 - op_.momentum) * batch);
  }

  void normalise(const StepView<T>& view, int64_t channel, double mean,
                 double inverse_deviation) const {
    const double scale = gamma(view, channel) * inverse_deviation;
    for_each_in_channel(channel, [&](int64_t i) {
      double y = (view.input(kData)[i] - mean) * scale + view.input(kBeta)[channel];
      if (op_.fused_add) y += view.input(kResidual)[i];
      view.output()[i] = static_cast<T>(op_.fused_relu && !(y > 0) ? 0 : y);
    });
  }

  // With g = dy where the ReLU let pass (else 0), xhat = (x - mean) / deviation, m elements per
  // channel:
  //   d beta = sum g, d gamma = sum g xhat,
  //   d x = gamma / deviation * (g - d beta / m - xhat * d gamma / m)   with the batch's statistics
  //   d x = gamma / deviation * g                                       with the running ones
  // (Ioffe, Szegedy 2015, section 3), and d residual = g.
  void backward(const StepView<T>& view) const {
    for (int64_t c = 0; c < channels_; ++c) {
      const double mean = view.saved(kMean)[c];
      const double inverse_deviation = view.saved(kInverseDeviation)[c];
      const auto gradient = [&](int64_t i) {
        return op_.fused_relu && !(view.output()[i] > 0) ? 0.0 : double{view.output_gradient()[i]};
      };
      const auto normalised = [&](int64_t i) {
        return (view.input(kData)[i] - mean) * inverse_deviation;
      };
      double sum = 0;
      double sum_normalised = 0;
      for_each_in_channel(c, [&](int64_t i) {
        sum += gradient(i);
        sum_normalised += gradient(i) * normalised(i);
      });
      const double scale = gamma(view, c) * inverse_deviation;
      const double m = elements_per_channel();
      for_each_in_channel(c, [&](int64_t i) {
        double dx = gradient(i);
        if (batch_statistics_) dx -= (sum + normalised(i) * sum_normalised) / m;
        if (this->wants(kResidual)) view.input_gradient(kResidual)[i] = static_cast<T>(gradient(i));
        if (this->wants(kData)) view.input_gradient(kData)[i] = static_cast<T>(scale * dx);
      });
      if (this->wants(kGamma)) {
        view.input_gradient(kGamma)[c] = op_.fix_gamma ? T{0} : static_cast<T>(sum_normalised);
      }
      if (this->wants(kBeta)) view.input_gradient(kBeta)[c] = static_cast<T>(sum);
    }
  }

  BatchNorm op_;
  bool training_;
  bool batch_statistics_;
  int64_t pictures_;
  int64_t channels_;
  int64_t pixels_;
};

// Empty when no gradient of a running statistic is wanted.
Refusal statistics_refusal(const KernelRequest& request) {
  for (const size_t i : {size_t{kMovingMean}, size_t{kMovingVariance}}) {
    if (request.input_gradients.size() > i && request.input_gradients[i]) {
      return "running statistics have no gradient";
    }
  }
  return {};
}

}  // namespace

std::unique_ptr<Kernel> make_ref_batch_norm(Backend&, const KernelRequest& request,
                                            Refusal& refusal) {
  refusal = statistics_refusal(request);
  if (!refusal.empty()) return nullptr;
  return make_ref<RefBatchNorm>(request, 6, refusal);
}

}  // namespace orthrus
