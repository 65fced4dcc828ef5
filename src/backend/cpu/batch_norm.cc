// BatchNorm with the following ReLU, or addition and ReLU, in the same pass.
//
// Forward in training is two passes over the input: sums per channel, then scale and shift.
// Backward is two as well: the sums of g and of g * (x - mean), then
//   dx = a * (g - sum(g) / m - (x - mean) / std^2 * dot / m),  a = gamma / std, m = N * H * W,
// written as a * g + x * k1 + k0 (Ioffe and Szegedy 2015, section 3). g is the incoming gradient
// where the ReLU was open; the mask is computed again from x, or taken from the output when
// something was added before the ReLU.
//
// Sums are taken slab by slab in float, relative to the channel's first value so that a large mean
// costs no digits, and the slabs' sums are added in double in the order of the pictures: the result
// does not depend on the number of threads.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "backend/cpu/candidates.h"
#include "backend/cpu/cpu_kernel.h"
#include "base/threads.h"

namespace orthrus::cpu {

namespace {

using Lanes = float[kLanes];

constexpr int kData = 0, kGamma = 1, kBeta = 2, kMovingMean = 3, kMovingVar = 4, kResidual = 5;

class BatchNormKernel : public CpuKernel {
 public:
  BatchNormKernel(CpuBackend& backend, const KernelRequest& request)
      : CpuKernel(backend, request),
        op_(std::get<BatchNorm>(request.node.op)),
        training_(request.training),
        batch_statistics_(request.training && !op_.use_global_stats),
        wants_(request.input_gradients) {
    wants_.resize(6, false);
    inputs_[kData] = slab_layout(backend, inputs_[kData]);
    output_ = inputs_[kData];
    if (op_.fused_add) inputs_[kResidual] = output_;
    slabs_ = slabs_of(backend, inputs_[kData]);
    stream_ = output_.size_bytes >= kStreamBytes && slabs_.size % 16 == 0;
    implementation_ = std::string("own:") + backend.vectors().name;
    describe_steps(request);
  }

  void run(int step, const StepContext&) override {
    const KernelStep& what = steps_[static_cast<size_t>(step)];
    switch (what.phase) {
      case Phase::kForward:
        forward(buffers(step));
        break;
      case Phase::kRecompute:
        rebuild(buffers(step));
        break;
      case Phase::kBackward:
        backward(buffers(step));
        break;
    }
  }

 private:
  // Activations of at least this size are written past the caches: they would be gone before they
  // are read again.
  static constexpr size_t kStreamBytes = size_t{8} << 20;

  void describe_steps(const KernelRequest& request) {
    const auto elements = static_cast<double>(output_.shape.elements());
    const size_t partials = static_cast<size_t>(slabs_.images * slabs_.groups) * 2 * sizeof(Lanes);
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, kData},
                     {SlotKind::kInput, kGamma},
                     {SlotKind::kInput, kBeta},
                     {SlotKind::kInput, kMovingMean},
                     {SlotKind::kInput, kMovingVar}};
    if (op_.fused_add) forward.reads.push_back({SlotKind::kInput, kResidual});
    forward.writes = {{SlotKind::kOutput}};
    if (op_.fused_add)
      forward.in_place.push_back({{SlotKind::kInput, kResidual}, {SlotKind::kOutput}});
    forward.in_place.push_back({{SlotKind::kInput, kData}, {SlotKind::kOutput}});
    forward.scratch_bytes = batch_statistics_ ? partials : 0;
    forward.flops = elements * 6;
    if (request.any_gradient() || batch_statistics_) {
      saved_ = {plain_desc({2, slabs_.groups * slabs_.block})};  // mean; 1 / standard deviation
      forward.writes.push_back({SlotKind::kSaved, 0});
    }
    steps_.push_back(std::move(forward));
    if (request.any_gradient()) describe_backward(partials, elements);
  }

  void describe_backward(size_t partials, double elements) {
    if (op_.fused_relu && !op_.fused_add) {
      KernelStep rebuild{.name = "rebuild", .phase = Phase::kRecompute};
      rebuild.reads = {{SlotKind::kInput, kData},
                       {SlotKind::kInput, kGamma},
                       {SlotKind::kInput, kBeta},
                       {SlotKind::kSaved, 0}};
      rebuild.writes = {{SlotKind::kOutput}};
      rebuild.flops = elements * 2;
      steps_.push_back(std::move(rebuild));
    }
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kInput, kData},
                      {SlotKind::kInput, kGamma},
                      {SlotKind::kInput, kBeta},
                      {SlotKind::kSaved, 0},
                      {SlotKind::kOutputGradient},
                      {SlotKind::kOutputGradient2},
                      {SlotKind::kInputGradientAddend, kData}};
    if (op_.fused_add) backward.reads.push_back({SlotKind::kOutput});
    for (const int input : {kData, kGamma, kBeta, kResidual}) {
      if (wants_[static_cast<size_t>(input)]) {
        backward.writes.push_back({SlotKind::kInputGradient, input});
      }
    }
    if (wants_[kResidual]) {
      backward.in_place.push_back(
          {{SlotKind::kOutputGradient}, {SlotKind::kInputGradient, kResidual}});
      backward.in_place.push_back(
          {{SlotKind::kOutputGradient2}, {SlotKind::kInputGradient, kData}});
    } else {
      backward.in_place.push_back({{SlotKind::kOutputGradient}, {SlotKind::kInputGradient, kData}});
      backward.in_place.push_back(
          {{SlotKind::kInputGradientAddend, kData}, {SlotKind::kInputGradient, kData}});
    }
    backward.scratch_bytes = partials;
    backward.flops = elements * 12;
    steps_.push_back(std::move(backward));
    takes_two_output_gradients_ = true;
    adds_to_input_gradient_ = {true};
  }

  // ---- per-channel numbers of one group, 16 lanes, zero where there is no channel ---------------

  int64_t channels_in(int64_t group) const {
    return std::min(slabs_.block, slabs_.channels - group * slabs_.block);
  }

  // Spreads the channels of a group over the lanes: lane l gets channel l % block.
  void spread(const float* per_channel, int64_t group, Lanes& lanes) const {
    const int64_t present = channels_in(group);
    for (int64_t lane = 0; lane < static_cast<int64_t>(kLanes); ++lane) {
      const int64_t channel = lane % slabs_.block;
      lanes[lane] = channel < present ? per_channel[group * slabs_.block + channel] : 0.0F;
    }
  }

  void scale_and_shift(const StepBuffers& at, int64_t group, const Lanes& mean,
                       const Lanes& inverse, Lanes& scale, Lanes& shift) const {
    Lanes gamma, beta;
    spread(floats(at.inputs[kGamma]), group, gamma);
    spread(floats(at.inputs[kBeta]), group, beta);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      scale[lane] = inverse[lane] * (op_.fix_gamma ? 1.0F : gamma[lane]);
      shift[lane] = beta[lane] - mean[lane] * scale[lane];
    }
  }

  // Runs over the pictures and groups. A thread that owns all pictures of a group finds its second
  // pass still in the cache; with too few groups for that, pictures are shared out as well.
  template <typename First, typename Between, typename Second>
  void two_passes(First first, Between between, Second second) const {
    const int64_t images = slabs_.images, groups = slabs_.groups;
    if (groups % current_threads() == 0 || groups >= 4 * current_threads()) {
#pragma omp parallel for schedule(static)
      for (int64_t group = 0; group < groups; ++group) {
        for (int64_t image = 0; image < images; ++image) first(image, group);
        between(group);
        for (int64_t image = 0; image < images; ++image) second(image, group);
      }
      return;
    }
#pragma omp parallel
    {
#pragma omp for collapse(2) schedule(static)
      for (int64_t group = 0; group < groups; ++group) {
        for (int64_t image = 0; image < images; ++image) first(image, group);
      }
#pragma omp for schedule(static)
      for (int64_t group = 0; group < groups; ++group) between(group);
#pragma omp for collapse(2) schedule(static)
      for (int64_t group = 0; group < groups; ++group) {
        for (int64_t image = 0; image < images; ++image) second(image, group);
      }
    }
  }

  // Two sums per slab, in scratch: [group][image][2][16].
  float* partial(const StepBuffers& at, int64_t image, int64_t group) const {
    const int64_t slab = group * slabs_.images + image;
    return floats(at.scratch) + slab * 2 * static_cast<int64_t>(kLanes);
  }

  // Adds up the slabs of a group; lanes of one channel together. Results by channel within the
  // group.
  void total(const StepBuffers& at, int64_t group, double (&first)[kLanes],
             double (&second)[kLanes]) const {
    std::fill_n(first, kLanes, 0.0);
    std::fill_n(second, kLanes, 0.0);
    for (int64_t image = 0; image < slabs_.images; ++image) {
      const float* sums = partial(at, image, group);
      for (size_t lane = 0; lane < kLanes; ++lane) {
        const size_t channel = lane % static_cast<size_t>(slabs_.block);
        first[channel] += static_cast<double>(sums[lane]);
        second[channel] += static_cast<double>(sums[kLanes + lane]);
      }
    }
  }

  double count() const {
    return static_cast<double>(slabs_.images) * static_cast<double>(slabs_.size / slabs_.block);
  }

  // ---- forward ----------------------------------------------------------------------------------

  void forward(const StepBuffers& at) {
    if (op_.fix_gamma && training_) {  // as MXNet does: what is saved is what was used
      std::fill_n(floats(at.inputs[kGamma]), slabs_.channels, 1.0F);
    }
    if (batch_statistics_) {
      two_passes([&](int64_t image, int64_t group) { sum_slab(at, image, group); },
                 [&](int64_t group) { finish_statistics(at, group); },
                 [&](int64_t image, int64_t group) { apply_slab(at, image, group, saved(at)); });
      return;
    }
    // Running statistics, laid down in the form of the batch's.
    std::vector<float> running(static_cast<size_t>(2 * slabs_.groups * slabs_.block), 0.0F);
    for (int64_t c = 0; c < slabs_.channels; ++c) {
      const double variance = floats(at.inputs[kMovingVar])[c];
      running[static_cast<size_t>(c)] = floats(at.inputs[kMovingMean])[c];
      running[static_cast<size_t>(slabs_.groups * slabs_.block + c)] =
          static_cast<float>(1 / std::sqrt(variance + op_.eps));
    }
    if (!at.saved.empty()) std::memcpy(at.saved[0], running.data(), running.size() * sizeof(float));
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t image = 0; image < slabs_.images; ++image) {
      for (int64_t group = 0; group < slabs_.groups; ++group) {
        apply_slab(at, image, group, running.data());
      }
    }
  }

  // Mean and inverse standard deviation by padded channel.
  float* saved(const StepBuffers& at) const {
    return floats(at.saved[0]);
  }

  void pivot_of(const StepBuffers& at, int64_t group, Lanes& pivot) const {
    const float* x = floats(at.inputs[kData]) + slabs_.offset(0, group);
    for (size_t lane = 0; lane < kLanes; ++lane)
      pivot[lane] = x[lane % static_cast<size_t>(slabs_.block)];
  }

  void sum_slab(const StepBuffers& at, int64_t image, int64_t group) const {
    Lanes pivot;
    pivot_of(at, group, pivot);
    float* sums = partial(at, image, group);
    std::fill_n(sums, 2 * kLanes, 0.0F);
    const float* x = floats(at.inputs[kData]) + slabs_.offset(image, group);
    backend_.vectors().sums(x, slabs_.rows, pivot, sums, sums + kLanes);
    if (slabs_.tail > 0) {  // the missing lanes hold the pivot and so count as nothing
      Lanes row;
      std::copy_n(pivot, kLanes, row);
      std::copy_n(x + slabs_.rows * kLanes, slabs_.tail, row);
      backend_.vectors().sums(row, 1, pivot, sums, sums + kLanes);
    }
  }

  void finish_statistics(const StepBuffers& at, int64_t group) const {
    double sum[kLanes], square[kLanes];
    total(at, group, sum, square);
    Lanes pivot;
    pivot_of(at, group, pivot);
    float* mean = saved(at) + group * slabs_.block;
    float* inverse = mean + slabs_.groups * slabs_.block;
    std::fill_n(mean, slabs_.block, 0.0F);
    std::fill_n(inverse, slabs_.block, 0.0F);
    for (int64_t c = 0; c < channels_in(group); ++c) {
      const double shifted = sum[c] / count();
      const double variance = std::max(0.0, square[c] / count() - shifted * shifted);
      mean[c] = static_cast<float>(pivot[c] + shifted);
      inverse[c] = static_cast<float>(1 / std::sqrt(variance + op_.eps));
      const int64_t channel = group * slabs_.block + c;
      move(floats(at.inputs[kMovingMean])[channel], static_cast<double>(mean[c]));
      move(floats(at.inputs[kMovingVar])[channel], variance);
    }
  }

  void move(float& running, double batch) const {
    running = static_cast<float>(op_.momentum * running + (1 - op_.momentum) * batch);
  }

  // `statistics`: mean and inverse standard deviation by padded channel.
  void apply_slab(const StepBuffers& at, int64_t image, int64_t group,
                  const float* statistics) const {
    const int64_t offset = slabs_.offset(image, group);
    Lanes mean, inverse, scale, shift;
    spread(statistics, group, mean);
    spread(statistics + slabs_.groups * slabs_.block, group, inverse);
    scale_and_shift(at, group, mean, inverse, scale, shift);
    const float* x = floats(at.inputs[kData]) + offset;
    const float* residual = op_.fused_add ? floats(at.inputs[kResidual]) + offset : nullptr;
    float* y = floats(at.output) + offset;
    const bool stream = stream_ && x != y && residual != y;
    backend_.vectors().scale_shift(x, residual, y, slabs_.rows, scale, shift, op_.fused_relu,
                                   stream);
    if (slabs_.tail == 0) return;
    const size_t done = slabs_.rows * kLanes;
    Lanes row = {}, added = {}, result;
    std::copy_n(x + done, slabs_.tail, row);
    if (residual != nullptr) std::copy_n(residual + done, slabs_.tail, added);
    backend_.vectors().scale_shift(row, residual != nullptr ? added : nullptr, result, 1, scale,
                                   shift, op_.fused_relu, false);
    std::copy_n(result, slabs_.tail, y + done);
  }

  void rebuild(const StepBuffers& at) const {
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t image = 0; image < slabs_.images; ++image) {
      for (int64_t group = 0; group < slabs_.groups; ++group) {
        apply_slab(at, image, group, saved(at));
      }
    }
  }

  // ---- backward ---------------------------------------------------------------------------------

  struct GroupNumbers {
    Lanes mean, inverse, scale, shift;
  };

  GroupNumbers numbers_of(const StepBuffers& at, int64_t group) const {
    GroupNumbers numbers;
    spread(saved(at), group, numbers.mean);
    spread(saved(at) + slabs_.groups * slabs_.block, group, numbers.inverse);
    scale_and_shift(at, group, numbers.mean, numbers.inverse, numbers.scale, numbers.shift);
    return numbers;
  }

  GradientSlab slab_at(const StepBuffers& at, int64_t offset, const GroupNumbers& numbers) const {
    GradientSlab slab;
    slab.x = floats(at.inputs[kData]) + offset;
    slab.dy = floats(at.output_gradient) + offset;
    slab.dy2 = floats_at(at.output_gradient2, offset);
    slab.mean = numbers.mean;
    slab.scale = numbers.scale;
    slab.shift = numbers.shift;
    if (op_.fused_relu && op_.fused_add) {
      slab.mask = GradientMask::kFromOutput;
      slab.y = floats(at.output) + offset;
    } else if (op_.fused_relu) {
      slab.mask = GradientMask::kRecomputed;
    }
    if (wants_[kResidual]) slab.masked = floats(at.input_gradients[kResidual]) + offset;
    return slab;
  }

  // A slab's last, incomplete row, copied out and filled up with zeros.
  struct TailRow {
    Lanes x = {}, dy = {}, dy2 = {}, y = {}, masked = {}, addend = {};

    TailRow(const GradientSlab& slab, const float* addend_from, size_t done, size_t size) {
      std::copy_n(slab.x + done, size, x);
      std::copy_n(slab.dy + done, size, dy);
      if (slab.dy2 != nullptr) std::copy_n(slab.dy2 + done, size, dy2);
      if (slab.y != nullptr) std::copy_n(slab.y + done, size, y);
      if (addend_from != nullptr) std::copy_n(addend_from + done, size, addend);
    }
    GradientSlab seen_from(GradientSlab slab) {
      slab.x = x;
      slab.dy = dy;
      if (slab.dy2 != nullptr) slab.dy2 = dy2;
      if (slab.y != nullptr) slab.y = y;
      if (slab.masked != nullptr) slab.masked = masked;
      return slab;
    }
  };

  void sum_gradient(const StepBuffers& at, int64_t image, int64_t group) const {
    const GroupNumbers numbers = numbers_of(at, group);
    const GradientSlab slab = slab_at(at, slabs_.offset(image, group), numbers);
    float* sums = partial(at, image, group);
    std::fill_n(sums, 2 * kLanes, 0.0F);
    backend_.vectors().gradient_sums(slab, slabs_.rows, sums, sums + kLanes);
    if (slabs_.tail == 0) return;
    const size_t done = slabs_.rows * kLanes;
    TailRow tail(slab, nullptr, done, slabs_.tail);
    backend_.vectors().gradient_sums(tail.seen_from(slab), 1, sums, sums + kLanes);
    if (slab.masked != nullptr) std::copy_n(tail.masked, slabs_.tail, slab.masked + done);
  }

  // Turns the group's sums into its parameters' gradients and, in the place of the first slab's
  // sums, into the k1 and k0 of dx = a * g + x * k1 + k0.
  void finish_gradient(const StepBuffers& at, int64_t group) const {
    double sum[kLanes], dot[kLanes];
    total(at, group, sum, dot);
    const GroupNumbers numbers = numbers_of(at, group);
    for (int64_t c = 0; c < channels_in(group); ++c) {
      const int64_t channel = group * slabs_.block + c;
      if (wants_[kBeta]) floats(at.input_gradients[kBeta])[channel] = static_cast<float>(sum[c]);
      if (wants_[kGamma]) {
        const double gradient =
            op_.fix_gamma ? 0.0 : dot[c] * static_cast<double>(numbers.inverse[c]);
        floats(at.input_gradients[kGamma])[channel] = static_cast<float>(gradient);
      }
    }
    float* k1 = partial(at, 0, group);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const size_t c = lane % static_cast<size_t>(slabs_.block);
      const double inverse = numbers.inverse[lane], scale = numbers.scale[lane];
      const double factor = batch_statistics_ ? -scale * inverse * inverse * dot[c] / count() : 0;
      const double constant =
          batch_statistics_
              ? -scale * sum[c] / count() - factor * static_cast<double>(numbers.mean[lane])
              : 0;
      k1[lane] = static_cast<float>(factor);
      k1[kLanes + lane] = static_cast<float>(constant);
    }
  }

  void apply_gradient(const StepBuffers& at, int64_t image, int64_t group) const {
    if (!wants_[kData]) return;
    const int64_t offset = slabs_.offset(image, group);
    const GroupNumbers numbers = numbers_of(at, group);
    GradientSlab slab = slab_at(at, offset, numbers);
    if (slab.masked != nullptr) {  // the first pass has left g there
      slab.dy = slab.masked;
      slab.dy2 = nullptr;
      slab.mask = GradientMask::kNone;
    }
    const float* k1 = partial(at, 0, group);
    const float* addend = floats_at(at.input_gradient_addends[kData], offset);
    float* dx = floats(at.input_gradients[kData]) + offset;
    const bool in_place = dx == slab.dy || dx == slab.dy2 || dx == addend;
    backend_.vectors().gradient_apply(slab, slabs_.rows, k1, k1 + kLanes, addend, dx,
                                      stream_ && !in_place);
    if (slabs_.tail == 0) return;
    const size_t done = slabs_.rows * kLanes;
    TailRow tail(slab, addend, done, slabs_.tail);
    Lanes result;
    backend_.vectors().gradient_apply(tail.seen_from(slab), 1, k1, k1 + kLanes,
                                      addend != nullptr ? tail.addend : nullptr, result, false);
    std::copy_n(result, slabs_.tail, dx + done);
  }

  void backward(const StepBuffers& at) const {
    two_passes([&](int64_t image, int64_t group) { sum_gradient(at, image, group); },
               [&](int64_t group) { finish_gradient(at, group); },
               [&](int64_t image, int64_t group) { apply_gradient(at, image, group); });
  }

  BatchNorm op_;
  bool training_;
  bool batch_statistics_;
  std::vector<bool> wants_;
  Slabs slabs_;
  bool stream_ = false;
};

}  // namespace

std::unique_ptr<Kernel> make_batch_norm(Backend& backend, const KernelRequest& request,
                                        Refusal& refusal) {
  const int rank = request.inputs[0].shape.rank();
  if (rank != 4 && rank != 2) {
    refusal = "data is neither (N,C) nor (N,C,H,W)";
    return nullptr;
  }
  return std::make_unique<BatchNormKernel>(as_cpu(backend), request);
}

}  // namespace orthrus::cpu
