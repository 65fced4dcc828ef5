// BatchNorm with the following ReLU, or addition and ReLU, in the same pass.
//
// Forward in training is two passes over the input: sums per channel, then scale and shift.
// Backward is two as well: the sums of g and of g * (x - mean), then
//   dx = a * (g - sum(g) / m - (x - mean) / std^2 * dot / m),  a = gamma / std, m = N * H * W,
// written as a * g + x * k1 + k0 (Ioffe and Szegedy 2015, section 3). g is the incoming gradient
// where the ReLU was open; the mask is computed again from x, or taken from the output when
// something was added before the ReLU.
//
// Sums are relative to the channel's first value, so that a large mean costs no digits. In bf16
// only the activations and their gradients are: sums, statistics and parameters are float32.
#include <cmath>

#include "backend/cpu/candidates.h"
#include "backend/cpu/channel_passes.h"
#include "backend/cpu/slab_loops.h"

namespace orthrus::cpu {

namespace {

constexpr int kData = 0, kGamma = 1, kBeta = 2, kMovingMean = 3, kMovingVar = 4, kResidual = 5;

// Arrays of numbers per group, laid out for rows. The pivot stands where the mean comes to stand.
constexpr int kMean = 0, kPivot = 0, kScale = 1, kShift = 2, kFactor = 3, kConstant = 4;
constexpr int kNumbers = 5;

template <typename T>
class BatchNormKernel : public CpuKernel {
 public:
  BatchNormKernel(CpuBackend& backend, const KernelRequest& request)
      : CpuKernel(backend, request),
        op_(std::get<BatchNorm>(request.node.op)),
        training_(request.training),
        batch_statistics_(request.training && !op_.use_global_stats),
        wants_(request.input_gradients),
        slabs_(slabs_of(backend, slab_layout(backend, inputs_[kData]))),
        passes_(slabs_, kNumbers),
        loops_(backend.vectors(), slabs_) {
    wants_.resize(6, false);
    inputs_[kData] = slab_layout(backend, inputs_[kData]);
    output_ = inputs_[kData];
    if (op_.fused_add) inputs_[kResidual] = output_;
    stream_ = output_.size_bytes >= kStreamBytes && slabs_.size % 16 == 0;
    implementation_ = std::string("own:") + backend.vectors().name +
                      (output_.dtype == DType::kBF16 ? ":bf16" : "");
    describe_steps(request);
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    switch (steps_[static_cast<size_t>(step)].phase) {
      case Phase::kForward:
        forward(at);
        break;
      case Phase::kRecompute:
        apply_saved(at);
        break;
      case Phase::kBackward:
        backward(at);
        break;
    }
  }

 private:
  // Activations of at least this size are written past the caches: they would be gone before they
  // are read again.
  static constexpr size_t kStreamBytes = size_t{8} << 20;

  void describe_steps(const KernelRequest& request) {
    const auto elements = static_cast<double>(output_.shape.elements());
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
    forward.scratch_bytes = batch_statistics_ ? passes_.scratch_bytes() : passes_.numbers_bytes();
    forward.flops = elements * 6;
    if (request.any_gradient() || batch_statistics_) {
      saved_ = {plain_desc({2, padded_channels()})};  // mean; 1 / standard deviation
      forward.writes.push_back({SlotKind::kSaved, 0});
    }
    steps_.push_back(std::move(forward));
    if (request.any_gradient()) describe_backward(elements);
  }

  void describe_backward(double elements) {
    if (op_.fused_relu && !op_.fused_add) {
      KernelStep rebuild{.name = "rebuild", .phase = Phase::kRecompute};
      rebuild.reads = {{SlotKind::kInput, kData},
                       {SlotKind::kInput, kGamma},
                       {SlotKind::kInput, kBeta},
                       {SlotKind::kSaved, 0}};
      rebuild.writes = {{SlotKind::kOutput}};
      rebuild.scratch_bytes = passes_.numbers_bytes();
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
    backward.scratch_bytes = passes_.scratch_bytes();
    backward.flops = elements * 12;
    steps_.push_back(std::move(backward));
    takes_two_output_gradients_ = true;
    adds_to_input_gradient_ = {true};
  }

  // ---- numbers of one group ---------------------------------------------------------------------

  int64_t padded_channels() const { return slabs_.groups * slabs_.block; }

  int64_t channels_in(int64_t group) const {
    return std::min(slabs_.block, slabs_.channels - group * slabs_.block);
  }

  float* numbers(const StepBuffers& at, int64_t group, int which) const {
    return passes_.numbers(at.scratch, group, which);
  }

  // Lays per-channel numbers of a group out for rows; `lanes` begins with one per channel.
  void repeat(float* lanes) const {
    const auto block = static_cast<size_t>(slabs_.block);
    for (size_t i = block; i < slabs_.lanes(); ++i) lanes[i] = lanes[i - block];
  }

  // Mean, scale and shift of a group from its mean and inverse standard deviation; zero where there
  // is no channel.
  void set_numbers(const StepBuffers& at, int64_t group, const float* means,
                   const float* inverses) const {
    float* mean = numbers(at, group, kMean);
    float* scale = numbers(at, group, kScale);
    float* shift = numbers(at, group, kShift);
    for (int64_t c = 0; c < slabs_.block; ++c) {
      const bool present = c < channels_in(group);
      const int64_t channel = group * slabs_.block + c;
      const float gamma = op_.fix_gamma ? 1.0F : floats_of(at, kGamma, channel, present);
      mean[c] = present ? means[c] : 0.0F;
      scale[c] = present ? inverses[c] * gamma : 0.0F;
      shift[c] = floats_of(at, kBeta, channel, present) - mean[c] * scale[c];
    }
    for (float* lanes : {mean, scale, shift}) repeat(lanes);
  }
  static float floats_of(const StepBuffers& at, int input, int64_t channel, bool present) {
    return present ? floats(at.inputs[static_cast<size_t>(input)])[channel] : 0.0F;
  }

  double count() const {
    return static_cast<double>(slabs_.pieces) * static_cast<double>(slabs_.size / slabs_.block);
  }

  // Mean and inverse standard deviation by padded channel.
  float* saved_means(const StepBuffers& at, int64_t group) const {
    return floats(at.saved[0]) + group * slabs_.block;
  }
  float* saved_inverses(const StepBuffers& at, int64_t group) const {
    return saved_means(at, group) + padded_channels();
  }
  void set_saved_numbers(const StepBuffers& at, int64_t group) const {
    set_numbers(at, group, saved_means(at, group), saved_inverses(at, group));
  }

  // ---- forward ----------------------------------------------------------------------------------

  void forward(const StepBuffers& at) {
    if (op_.fix_gamma && training_) {  // as MXNet does: what is saved is what was used
      std::fill_n(floats(at.inputs[kGamma]), slabs_.channels, 1.0F);
    }
    if (batch_statistics_) {
      passes_.run([&](int64_t group) { set_pivot(at, group); },
                  [&](int64_t piece, int64_t group) {
                    loops_.sums(elements<T>(at.inputs[kData]) + slabs_.offset(piece, group),
                                numbers(at, group, kPivot), passes_.sums(at.scratch, piece, group));
                  },
                  [&](int64_t group) {
                    finish_statistics(at, group);
                    set_saved_numbers(at, group);
                  },
                  [&](int64_t piece, int64_t group) { apply(at, piece, group); });
      return;
    }
    passes_.run_once([&](int64_t group) { set_running_numbers(at, group); },
                     [&](int64_t piece, int64_t group) { apply(at, piece, group); });
  }

  void set_pivot(const StepBuffers& at, int64_t group) const {
    float* pivot = numbers(at, group, kPivot);
    const T* x = elements<T>(at.inputs[kData]) + slabs_.offset(0, group);
    for (int64_t c = 0; c < slabs_.block; ++c) pivot[c] = widened(x[c]);
    repeat(pivot);
  }

  void finish_statistics(const StepBuffers& at, int64_t group) const {
    const ChannelPasses::Totals totals = passes_.totals(at.scratch, group);
    const float* pivot = numbers(at, group, kPivot);
    float* mean = saved_means(at, group);
    float* inverse = saved_inverses(at, group);
    std::fill_n(mean, slabs_.block, 0.0F);
    std::fill_n(inverse, slabs_.block, 0.0F);
    for (int64_t c = 0; c < channels_in(group); ++c) {
      const double shifted = totals.first[c] / count();
      const double variance = std::max(0.0, totals.second[c] / count() - shifted * shifted);
      mean[c] = static_cast<float>(static_cast<double>(pivot[c]) + shifted);
      inverse[c] = static_cast<float>(1 / std::sqrt(variance + op_.eps));
      const int64_t channel = group * slabs_.block + c;
      move(floats(at.inputs[kMovingMean])[channel], static_cast<double>(mean[c]));
      move(floats(at.inputs[kMovingVar])[channel], variance);
    }
  }

  void move(float& running, double batch) const {
    running = static_cast<float>(op_.momentum * running + (1 - op_.momentum) * batch);
  }

  // The running statistics take the place of the batch's, also for backward. Where nothing is kept
  // for that, they pass through arrays that forward does not need.
  void set_running_numbers(const StepBuffers& at, int64_t group) const {
    const bool keep = !at.saved.empty();
    float* mean = keep ? saved_means(at, group) : numbers(at, group, kFactor);
    float* inverse = keep ? saved_inverses(at, group) : numbers(at, group, kConstant);
    std::fill_n(mean, slabs_.block, 0.0F);
    std::fill_n(inverse, slabs_.block, 0.0F);
    for (int64_t c = 0; c < channels_in(group); ++c) {
      const int64_t channel = group * slabs_.block + c;
      const double variance = floats(at.inputs[kMovingVar])[channel];
      mean[c] = floats(at.inputs[kMovingMean])[channel];
      inverse[c] = static_cast<float>(1 / std::sqrt(variance + op_.eps));
    }
    set_numbers(at, group, mean, inverse);
  }

  void apply(const StepBuffers& at, int64_t piece, int64_t group) const {
    const int64_t offset = slabs_.offset(piece, group);
    const T* x = elements<T>(at.inputs[kData]) + offset;
    const T* residual = op_.fused_add ? elements<T>(at.inputs[kResidual]) + offset : nullptr;
    T* y = elements<T>(at.output) + offset;
    const bool stream = stream_ && x != y && residual != y;
    loops_.scale_shift(x, residual, y, numbers(at, group, kScale), numbers(at, group, kShift),
                       op_.fused_relu, stream);
  }

  void apply_saved(const StepBuffers& at) const {
    passes_.run_once([&](int64_t group) { set_saved_numbers(at, group); },
                     [&](int64_t piece, int64_t group) { apply(at, piece, group); });
  }

  // ---- backward ---------------------------------------------------------------------------------

  void backward(const StepBuffers& at) const {
    passes_.run([&](int64_t group) { set_saved_numbers(at, group); },
                [&](int64_t piece, int64_t group) {
                  const GradientSlab<T> slab = slab_at(at, piece, group);
                  loops_.gradient_sums(slab, passes_.sums(at.scratch, piece, group));
                },
                [&](int64_t group) { finish_gradient(at, group); },
                [&](int64_t piece, int64_t group) { apply_gradient(at, piece, group); });
  }

  GradientSlab<T> slab_at(const StepBuffers& at, int64_t piece, int64_t group) const {
    const int64_t offset = slabs_.offset(piece, group);
    GradientSlab<T> slab;
    slab.x = elements<T>(at.inputs[kData]) + offset;
    slab.dy = elements<T>(at.output_gradient) + offset;
    slab.dy2 = elements_at<T>(at.output_gradient2, offset);
    slab.mean = numbers(at, group, kMean);
    slab.scale = numbers(at, group, kScale);
    slab.shift = numbers(at, group, kShift);
    if (op_.fused_relu && op_.fused_add) {
      slab.mask = GradientMask::kFromOutput;
      slab.y = elements<T>(at.output) + offset;
    } else if (op_.fused_relu) {
      slab.mask = GradientMask::kRecomputed;
    }
    if (wants_[kResidual]) slab.masked = elements<T>(at.input_gradients[kResidual]) + offset;
    return slab;
  }

  // Turns the group's sums into its parameters' gradients and into the k1 and k0 of
  // dx = a * g + x * k1 + k0.
  void finish_gradient(const StepBuffers& at, int64_t group) const {
    const ChannelPasses::Totals totals = passes_.totals(at.scratch, group);
    const float* mean = numbers(at, group, kMean);
    const float* scale = numbers(at, group, kScale);
    float* factor = numbers(at, group, kFactor);
    float* constant = numbers(at, group, kConstant);
    for (int64_t c = 0; c < slabs_.block; ++c) {
      const double inverse = saved_inverses(at, group)[c], a = scale[c];
      const double sum = totals.first[c], dot = totals.second[c];
      const double k1 = batch_statistics_ ? -a * inverse * inverse * dot / count() : 0;
      const double k0 =
          batch_statistics_ ? -a * sum / count() - k1 * static_cast<double>(mean[c]) : 0;
      factor[c] = static_cast<float>(k1);
      constant[c] = static_cast<float>(k0);
      if (c < channels_in(group))
        set_parameter_gradients(at, group * slabs_.block + c, sum, dot * inverse);
    }
    repeat(factor);
    repeat(constant);
  }

  void set_parameter_gradients(const StepBuffers& at, int64_t channel, double beta,
                               double gamma) const {
    if (wants_[kBeta]) floats(at.input_gradients[kBeta])[channel] = static_cast<float>(beta);
    if (wants_[kGamma]) {
      floats(at.input_gradients[kGamma])[channel] =
          op_.fix_gamma ? 0.0F : static_cast<float>(gamma);
    }
  }

  void apply_gradient(const StepBuffers& at, int64_t piece, int64_t group) const {
    if (!wants_[kData]) return;
    const int64_t offset = slabs_.offset(piece, group);
    GradientSlab<T> slab = slab_at(at, piece, group);
    if (slab.masked != nullptr) {  // the first pass has left g there
      slab.dy = slab.masked;
      slab.dy2 = nullptr;
      slab.mask = GradientMask::kNone;
    }
    const T* addend = elements_at<T>(at.input_gradient_addends[kData], offset);
    T* dx = elements<T>(at.input_gradients[kData]) + offset;
    const bool in_place = dx == slab.dy || dx == slab.dy2 || dx == addend;
    loops_.gradient_apply(slab, numbers(at, group, kFactor), numbers(at, group, kConstant), addend,
                          dx, stream_ && !in_place);
  }

  BatchNorm op_;
  bool training_;
  bool batch_statistics_;
  std::vector<bool> wants_;
  Slabs slabs_;
  ChannelPasses passes_;
  SlabLoops<T> loops_;
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
  return make_for_elements<BatchNormKernel>(backend, request);
}

}  // namespace orthrus::cpu
