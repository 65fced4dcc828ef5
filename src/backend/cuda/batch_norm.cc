// BatchNorm with the following ReLU, or addition and ReLU, in the same passes as cpu/batch_norm.cc:
// sums per channel, then scale and shift; backward the sums of g and of g (x - mean), then
//   dx = a g + x k1 + k0,  a = gamma / std (Ioffe and Szegedy 2015, section 3).
// The ReLU's mask is computed again from x, or, where something was added before it, kept as a bit
// per element. Sums, statistics and parameters are float32.
#include "backend/cuda/batch_norm_kernels.h"
#include "backend/cuda/candidates.h"
#include "backend/cuda/cuda_kernel.h"

namespace orthrus::cuda {
namespace {

constexpr int kData = 0, kGamma = 1, kBeta = 2, kMovingMean = 3, kMovingVariance = 4, kResidual = 5;
constexpr int kStatistics = 0, kMask = 1;  // saved

float* floats(std::byte* address) {
  return reinterpret_cast<float*>(address);
}

class BatchNormKernel : public CudaKernel {
 public:
  BatchNormKernel(CudaBackend& backend, const KernelRequest& request)
      : CudaKernel(backend, request),
        op_(std::get<BatchNorm>(request.node.op)),
        training_(request.training),
        batch_statistics_(request.training && !op_.use_global_stats),
        wants_(request.input_gradients) {
    wants_.resize(6, false);
    const Shape& shape = inputs_[kData].shape;
    const bool picture = shape.rank() == 4;
    if (picture && inputs_[kData].layout != kChannelsLast)
      inputs_[kData] = backend.activation(shape);
    if (!picture) inputs_[kData] = plain_desc(shape);
    output_ = inputs_[kData];
    if (op_.fused_add) inputs_[kResidual] = output_;
    const int64_t channels = picture ? padded_channels(shape[1]) : shape[1];
    const int64_t rows = picture ? shape[0] * shape[2] * shape[3] : shape[0];
    matrix_ = norm_matrix(rows, static_cast<int>(channels), static_cast<int>(shape[1]),
                          output_.dtype, backend.cuda().properties().multiProcessorCount);
    implementation_ = output_.dtype == DType::kBF16 ? "own:bf16" : "own";
    describe_steps(request);
  }

  void run(int step, const StepContext&) override {
    const StepBuffers& at = buffers(step);
    if (steps_[static_cast<size_t>(step)].phase == Phase::kForward) {
      forward(at);
    } else {
      backward(at);
    }
  }

 private:
  [[nodiscard]] bool keeps_mask() const { return op_.fused_add && op_.fused_relu; }

  void describe_steps(const KernelRequest& request) {
    const auto elements = static_cast<double>(output_.shape.elements());
    KernelStep forward{.name = "forward", .phase = Phase::kForward};
    forward.reads = {{SlotKind::kInput, kData},
                     {SlotKind::kInput, kGamma},
                     {SlotKind::kInput, kBeta},
                     {SlotKind::kInput, kMovingMean},
                     {SlotKind::kInput, kMovingVariance}};
    forward.writes = {{SlotKind::kOutput}};
    if (op_.fused_add) {
      forward.reads.push_back({SlotKind::kInput, kResidual});
      forward.in_place.push_back({{SlotKind::kInput, kResidual}, {SlotKind::kOutput}});
    }
    forward.in_place.push_back({{SlotKind::kInput, kData}, {SlotKind::kOutput}});
    forward.scratch_bytes = matrix_.scratch_bytes();
    forward.flops = elements * 6;
    if (request.any_gradient()) {
      saved_ = {plain_desc({2, matrix_.channels})};
      forward.writes.push_back({SlotKind::kSaved, kStatistics});
      if (keeps_mask()) {
        saved_.push_back(plain_desc({matrix_.mask_bytes()}, DType::kU8));
        forward.writes.push_back({SlotKind::kSaved, kMask});
      }
    }
    steps_.push_back(std::move(forward));
    if (request.any_gradient()) describe_backward(elements);
  }

  void describe_backward(double elements) {
    KernelStep backward{.name = "backward", .phase = Phase::kBackward};
    backward.reads = {{SlotKind::kInput, kData},
                      {SlotKind::kInput, kGamma},
                      {SlotKind::kInput, kBeta},
                      {SlotKind::kSaved, kStatistics},
                      {SlotKind::kOutputGradient},
                      {SlotKind::kOutputGradient2},
                      {SlotKind::kInputGradientAddend, kData}};
    if (keeps_mask()) backward.reads.push_back({SlotKind::kSaved, kMask});
    for (const int input : {kData, kGamma, kBeta, kResidual}) {
      if (wants_[static_cast<size_t>(input)]) {
        backward.writes.push_back({SlotKind::kInputGradient, input});
      }
    }
    // Each thread reads what it then writes over; g goes into the residual's gradient first.
    const Slot dx{SlotKind::kInputGradient, kData};
    if (wants_[kResidual]) {
      backward.in_place = {{{SlotKind::kOutputGradient}, {SlotKind::kInputGradient, kResidual}},
                           {{SlotKind::kOutputGradient2}, dx}};
    } else {
      backward.in_place = {{{SlotKind::kOutputGradient}, dx},
                           {{SlotKind::kInputGradientAddend, kData}, dx}};
    }
    backward.scratch_bytes = matrix_.scratch_bytes();
    backward.flops = elements * 12;
    steps_.push_back(std::move(backward));
    takes_two_output_gradients_ = true;
    adds_to_input_gradient_ = {wants_[kData]};
  }

  NormParameters parameters(const StepBuffers& at) const {
    return {.gamma = floats(at.inputs[kGamma]),
            .beta = floats(at.inputs[kBeta]),
            .moving_mean = floats(at.inputs[kMovingMean]),
            .moving_variance = floats(at.inputs[kMovingVariance]),
            .fix_gamma = op_.fix_gamma,
            .training = training_,
            .eps = op_.eps,
            .momentum = op_.momentum};
  }

  void forward(const StepBuffers& at) {
    float* scratch = floats(at.scratch);
    // Where nothing is kept for backward, the statistics pass through the scratch's end.
    float* statistics = saved_.empty()
                            ? scratch + 2 * static_cast<int64_t>(matrix_.sums) * matrix_.channels
                            : floats(at.saved[kStatistics]);
    if (batch_statistics_) {
      launch_batch_statistics(stream(), matrix_, parameters(at), at.inputs[kData], scratch,
                              statistics);
    } else {
      launch_running_statistics(stream(), matrix_, parameters(at), statistics);
    }
    const std::byte* residual = op_.fused_add ? at.inputs[kResidual] : nullptr;
    auto* mask = saved_.size() > kMask ? reinterpret_cast<uint8_t*>(at.saved[kMask]) : nullptr;
    launch_normalise(stream(), matrix_, parameters(at), statistics, op_.fused_relu,
                     at.inputs[kData], residual, at.output, mask);
  }

  void backward(const StepBuffers& at) {
    float* scratch = floats(at.scratch);
    NormGradient gradient{.mask = NormMask::kNone,
                          .bits = nullptr,
                          .dy = at.output_gradient,
                          .dy2 = at.output_gradient2,
                          .x = at.inputs[kData],
                          .statistics = floats(at.saved[kStatistics])};
    if (keeps_mask()) {
      gradient.mask = NormMask::kBits;
      gradient.bits = reinterpret_cast<const uint8_t*>(at.saved[kMask]);
    } else if (op_.fused_relu) {
      gradient.mask = NormMask::kRecomputed;
    }
    const auto wanted = [&](int input) {
      return wants_[static_cast<size_t>(input)] ? at.input_gradients[static_cast<size_t>(input)]
                                                : nullptr;
    };
    std::byte* masked = wanted(kResidual);
    launch_gradient_sums(stream(), matrix_, parameters(at), gradient, batch_statistics_, masked,
                         scratch, floats(wanted(kGamma)), floats(wanted(kBeta)));
    if (!wants_[kData]) return;
    if (masked != nullptr) {  // the first pass has left g there
      gradient.mask = NormMask::kNone;
      gradient.dy = masked;
      gradient.dy2 = nullptr;
    }
    const bool adds = at.input_gradient_addends.size() > kData;
    launch_gradient_apply(stream(), matrix_, parameters(at), gradient, scratch,
                          adds ? at.input_gradient_addends[kData] : nullptr,
                          at.input_gradients[kData]);
  }

  BatchNorm op_;
  bool training_;
  bool batch_statistics_;
  std::vector<bool> wants_;
  NormMatrix matrix_;
};

}  // namespace

std::unique_ptr<Kernel> make_batch_norm(Backend& backend, const KernelRequest& request,
                                        Refusal& refusal) {
  const int rank = request.inputs[0].shape.rank();
  if (rank != 4 && rank != 2) {
    refusal = "data is neither (N,C) nor (N,C,H,W)";
    return nullptr;
  }
  for (const size_t statistic : {kMovingMean, kMovingVariance}) {
    if (request.input_gradients.size() > statistic && request.input_gradients[statistic]) {
      refusal = "running statistics have no gradient";
      return nullptr;
    }
  }
  return std::make_unique<BatchNormKernel>(as_cuda(backend), request);
}

}  // namespace orthrus::cuda
