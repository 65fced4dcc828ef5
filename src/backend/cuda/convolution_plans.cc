#include "backend/cuda/convolution_plans.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <sstream>

#include "backend/cuda/cuda_check.h"
#include "backend/cuda/cuda_event.h"
#include "base/clock.h"

namespace orthrus::cuda {
namespace {

// cuDNN 9 marks the attribute as old, and still wants it.
constexpr auto kGraphHandle = static_cast<cudnnBackendAttributeName_t>(800);

constexpr int64_t kMostWorkspace = int64_t{512} << 20;
constexpr size_t kMostMeasured = 8;   // engines
constexpr size_t kMostCompiled = 2;   // where cuDNN compiles them first
constexpr int kRuns = 3;              // of each
constexpr double kMostSeconds = 1.5;  // for one convolution, once an engine was found

cudnnDataType_t data_type(DType type) {
  return type == DType::kBF16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

Descriptor convolution_descriptor(const ConvolutionProblem& problem) {
  const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  const std::vector<int64_t> pads = {problem.pad.h, problem.pad.w};
  Descriptor descriptor(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  descriptor.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2})
      .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode)
      .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, pads)
      .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, pads)
      .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
           std::vector<int64_t>{problem.stride.h, problem.stride.w})
      .set(CUDNN_ATTR_CONVOLUTION_DILATIONS,
           std::vector<int64_t>{problem.dilate.h, problem.dilate.w})
      .finalize();
  return descriptor;
}

// The operations of a problem, their tensors, and which of those lie in memory.
class ConvolutionGraph {
 public:
  ConvolutionGraph(const ConvolutionProblem& problem, cudnnHandle_t handle) : problem_(problem) {
    const Descriptor convolution = convolution_descriptor(problem);
    switch (problem.direction) {
      case ConvolutionDirection::kForward:
        forward(convolution);
        break;
      case ConvolutionDirection::kData:
        backward_data(convolution);
        break;
      case ConvolutionDirection::kWeights:
        backward_weights(convolution);
        break;
    }
    graph_ = Descriptor(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    std::vector<cudnnBackendDescriptor_t> operations;
    for (const Descriptor& operation : operations_) operations.push_back(operation.get());
    graph_.set(kGraphHandle, CUDNN_TYPE_HANDLE, 1, &handle)
        .set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
             static_cast<int64_t>(operations.size()), operations.data());
    valid_ = graph_.try_finalize();
  }

  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] const Descriptor& graph() const { return graph_; }
  [[nodiscard]] const std::vector<int64_t>& ids() const { return ids_; }
  [[nodiscard]] const std::vector<size_t>& sizes() const { return sizes_; }

 private:
  Descriptor in_memory(ConvolutionTensor id, const std::vector<int64_t>& dims, DType type) {
    ids_.push_back(id);
    int64_t elements = 1;
    for (const int64_t dim : dims) elements *= dim;
    sizes_.push_back(static_cast<size_t>(elements) * size_of(type));
    return tensor_descriptor(
        {.id = id, .dims = dims, .type = data_type(type), .is_virtual = false});
  }
  Descriptor passed_on() {
    return tensor_descriptor(
        {.id = next_virtual_++, .dims = problem_.y, .type = CUDNN_DATA_FLOAT, .is_virtual = true});
  }

  void forward(const Descriptor& convolution) {
    const Descriptor x = in_memory(kX, problem_.x, problem_.type);
    const Descriptor w = in_memory(kW, problem_.w, problem_.type);
    int left = static_cast<int>(problem_.bias) + static_cast<int>(problem_.residual) +
               static_cast<int>(problem_.relu);
    const auto result = [&] {
      return left-- == 0 ? in_memory(kY, problem_.y, problem_.result_type) : passed_on();
    };
    Descriptor y = result();
    Descriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1.0F)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0.0F)
        .finalize();
    operations_.push_back(std::move(operation));
    if (problem_.bias) {
      const Descriptor bias = in_memory(kBias, {1, problem_.w[0], 1, 1}, DType::kF32);
      y = pointwise(CUDNN_POINTWISE_ADD, y, &bias, result());
    }
    if (problem_.residual) {
      const Descriptor residual = in_memory(kResidual, problem_.y, problem_.type);
      y = pointwise(CUDNN_POINTWISE_ADD, y, &residual, result());
    }
    if (problem_.relu) y = pointwise(CUDNN_POINTWISE_RELU_FWD, y, nullptr, result());
  }

  Descriptor pointwise(cudnnPointwiseMode_t mode, const Descriptor& x, const Descriptor* b,
                       Descriptor y) {
    Descriptor function(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
    function.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode)
        .set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT)
        .finalize();
    Descriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, function)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    if (b != nullptr) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *b);
    operation.finalize();
    operations_.push_back(std::move(operation));
    return y;
  }

  void backward_data(const Descriptor& convolution) {
    const Descriptor dx = in_memory(kX, problem_.x, problem_.result_type);
    const Descriptor w = in_memory(kW, problem_.w, problem_.type);
    const Descriptor dy = in_memory(kY, problem_.y, problem_.type);
    Descriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, dx)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, w)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, dy)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1.0F)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0.0F)
        .finalize();
    operations_.push_back(std::move(operation));
  }

  void backward_weights(const Descriptor& convolution) {
    const Descriptor x = in_memory(kX, problem_.x, problem_.type);
    const Descriptor dw = in_memory(kW, problem_.w, problem_.result_type);
    const Descriptor dy = in_memory(kY, problem_.y, problem_.type);
    Descriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR);
    operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, x)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, dw)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, dy)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, convolution)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1.0F)
        .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0.0F)
        .finalize();
    operations_.push_back(std::move(operation));
  }

  const ConvolutionProblem& problem_;
  std::vector<Descriptor> operations_;
  Descriptor graph_;
  std::vector<int64_t> ids_;
  std::vector<size_t> sizes_;  // in bytes, as ids_
  int64_t next_virtual_ = 100;
  bool valid_ = false;
};

// An engine as the cache keeps it.
struct EngineNumber {
  int suggestion = 0;  // place among cuDNN's suggestions
  long engine = 0;     // its global number, as a check
  float seconds = 0;   // that it took
};

std::string text_of(const EngineNumber& number) {
  return fmt::format("{} {} {}", number.suggestion, number.engine, number.seconds);
}

std::optional<EngineNumber> read_engine(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  EngineNumber number;
  std::istringstream numbers(*text);
  if (!(numbers >> number.suggestion >> number.engine >> number.seconds)) return std::nullopt;
  return number;
}

}  // namespace

std::string ConvolutionProblem::text() const {
  return fmt::format("{} x{} w{} y{} s{},{} p{},{} d{},{} {}>{} {}{}{}",
                     static_cast<int>(direction), fmt::join(x, ","), fmt::join(w, ","),
                     fmt::join(y, ","), stride.h, stride.w, pad.h, pad.w, dilate.h, dilate.w,
                     name_of(type), name_of(result_type), bias ? "b" : "", residual ? "a" : "",
                     relu ? "r" : "");
}

ConvolutionPlans::ConvolutionPlans(CudaDevice& device, bool deterministic,
                                   const std::filesystem::path& cache)
    : device_(device),
      deterministic_(deterministic),
      cache_(deterministic ? std::filesystem::path() : cache,
             fmt::format("{}-cudnn{}", device.properties().name, cudnnGetVersion())) {}

std::shared_ptr<const ConvolutionPlan> ConvolutionPlans::find(const ConvolutionProblem& problem) {
  const std::string text = problem.text();
  const auto known = known_.find(text);
  if (known != known_.end()) return known->second;
  // Kept only once it has ended: one that ran out of memory is no answer.
  return known_[text] = search(problem);
}

bool ConvolutionPlans::allowed(const EngineChoice& choice, DType type) const {
  const auto has = [&](cudnnBackendNumericalNote_t note) {
    return std::ranges::find(choice.notes, note) != choice.notes.end();
  };
  if (deterministic_ && has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return false;
  if (type != DType::kF32) return true;
  return std::ranges::none_of(
      std::array{CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
                 CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION, CUDNN_NUMERICAL_NOTE_FFT,
                 CUDNN_NUMERICAL_NOTE_WINOGRAD},
      has);
}

std::shared_ptr<ConvolutionPlan> ConvolutionPlans::plan_of(const EngineChoice& choice,
                                                           const std::vector<int64_t>& ids) const {
  auto plan = std::make_shared<ConvolutionPlan>();
  plan->plan = make_plan(device_.cudnn(), choice, plan->workspace_bytes);
  if (plan->plan.get() == nullptr || plan->workspace_bytes > kMostWorkspace) return nullptr;
  plan->ids = ids;
  plan->name = fmt::format("cudnn:eng{}", choice.engine);
  return plan;
}

std::shared_ptr<const ConvolutionPlan> ConvolutionPlans::search(const ConvolutionProblem& problem) {
  const ConvolutionGraph graph(problem, device_.cudnn());
  if (!graph.valid()) return nullptr;
  std::vector<EngineChoice> choices = suggested_engines(graph.graph(), CUDNN_HEUR_MODE_A);
  for (EngineChoice& last : suggested_engines(graph.graph(), CUDNN_HEUR_MODE_FALLBACK)) {
    choices.push_back(std::move(last));
  }
  const auto known = deterministic_ ? std::nullopt : read_engine(cache_.find(problem.text()));
  if (known && known->suggestion >= 0 && known->suggestion < std::ssize(choices)) {
    const EngineChoice& choice = choices[static_cast<size_t>(known->suggestion)];
    if (choice.engine == known->engine && allowed(choice, problem.type)) {
      if (auto plan = plan_of(choice, graph.ids())) {
        plan->seconds = known->seconds;
        return plan;
      }
    }
  }
  std::shared_ptr<ConvolutionPlan> best;
  EngineNumber best_number;
  std::vector<std::shared_ptr<std::byte[]>> memory;
  std::vector<void*> addresses;
  std::shared_ptr<std::byte[]> workspace;
  int64_t workspace_bytes = 0;
  float best_seconds = std::numeric_limits<float>::infinity();
  size_t measured = 0;
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < choices.size(); ++i) {
    if (!allowed(choices[i], problem.type)) continue;
    const size_t most = problem.fused() ? kMostCompiled : kMostMeasured;
    if (best && (measured >= most || seconds_since(start) > kMostSeconds)) break;
    std::shared_ptr<ConvolutionPlan> plan = plan_of(choices[i], graph.ids());
    if (!plan) continue;
    if (deterministic_) return plan;
    if (memory.empty()) {
      for (const size_t size : graph.sizes()) {
        memory.push_back(device_.allocate(size));
        addresses.push_back(memory.back().get());
        // Small numbers, of either type.
        check(cudaMemsetAsync(addresses.back(), 0x3C, size, device_.stream()), "cudaMemsetAsync");
      }
    }
    if (plan->workspace_bytes > workspace_bytes) {
      device_.synchronize();
      workspace_bytes = plan->workspace_bytes;
      workspace = device_.allocate(static_cast<size_t>(workspace_bytes));
    }
    ++measured;
    const float seconds = measure(*plan, addresses, workspace.get());
    if (seconds >= best_seconds) continue;
    best_seconds = seconds;
    plan->seconds = seconds;
    best_number = {
        .suggestion = static_cast<int>(i), .engine = choices[i].engine, .seconds = seconds};
    best = std::move(plan);
  }
  device_.synchronize();  // before the memory goes
  if (best) cache_.remember(problem.text(), text_of(best_number));
  return best;
}

float ConvolutionPlans::measure(const ConvolutionPlan& plan, const std::vector<void*>& addresses,
                                void* workspace) {
  const GraphCall call(plan.ids, addresses, workspace);
  CudaEvent start, stop;
  float best = std::numeric_limits<float>::infinity();
  for (int run = 0; run <= kRuns; ++run) {  // the first warms up
    start.record(device_.stream());
    const cudnnStatus_t result =
        cudnnBackendExecute(device_.cudnn(), plan.plan.get(), call.pack.get());
    stop.record(device_.stream());
    stop.wait();
    if (result != CUDNN_STATUS_SUCCESS) return std::numeric_limits<float>::infinity();
    if (run > 0) best = std::min(best, milliseconds_between(start, stop) / 1e3F);
  }
  return best;
}

}  // namespace orthrus::cuda
