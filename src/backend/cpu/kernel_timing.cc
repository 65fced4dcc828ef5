#include "backend/cpu/kernel_timing.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <vector>

#include "backend/device.h"
#include "base/clock.h"

namespace orthrus::cpu {
namespace {

constexpr int kRuns = 5;
constexpr double kEnoughSeconds = 0.2;  // of one step

// Memory of the host, set to zero.
class Buffers {
 public:
  std::byte* of(size_t size_bytes) {
    if (size_bytes == 0) return nullptr;
    held_.push_back(host_device().allocate(size_bytes));
    std::fill_n(held_.back().get(), size_bytes, std::byte{0});
    return held_.back().get();
  }

 private:
  std::vector<std::shared_ptr<std::byte[]>> held_;
};

double fastest(Kernel& kernel, int step) {
  double best = std::numeric_limits<double>::infinity();
  const auto begin = std::chrono::steady_clock::now();
  for (int run = 0; run <= kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    kernel.run(step, {});
    if (run > 0) best = std::min(best, seconds_since(start));
    if (run > 1 && seconds_since(begin) > kEnoughSeconds) break;
  }
  return best;
}

}  // namespace

std::map<std::string, double, std::less<>> measure_steps(Kernel& kernel,
                                                         const KernelRequest& request) {
  Buffers buffers;
  StepBuffers at;
  for (const BufferDesc& input : kernel.inputs()) at.inputs.push_back(buffers.of(input.size_bytes));
  at.output = buffers.of(kernel.output().size_bytes);
  for (const BufferDesc& saved : kernel.saved()) at.saved.push_back(buffers.of(saved.size_bytes));
  at.output_gradient = buffers.of(kernel.output().size_bytes);
  for (size_t i = 0; i < kernel.inputs().size(); ++i) {
    const bool wanted = request.input_gradients[i];
    at.input_gradients.push_back(wanted ? buffers.of(kernel.inputs()[i].size_bytes) : nullptr);
  }
  at.input_gradient_addends.resize(kernel.inputs().size());
  std::map<std::string, double, std::less<>> seconds;
  for (size_t i = 0; i < kernel.steps().size(); ++i) {
    const KernelStep& step = kernel.steps()[i];
    if (step.phase == Phase::kRecompute) continue;  // the same as forward
    at.scratch = buffers.of(step.scratch_bytes);
    kernel.bind(static_cast<int>(i), at);
    seconds[step.name] = fastest(kernel, static_cast<int>(i));
  }
  return seconds;
}

}  // namespace orthrus::cpu
