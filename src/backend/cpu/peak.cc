// The roof: how fast this machine multiplies and adds, and copies memory, right now.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

#include "backend/backend.h"
#include "backend/cpu/vector_kernels.h"
#include "base/threads.h"
#include "tensor/tensor.h"

namespace orthrus {

double measure_peak_flops() {
  using Clock = std::chrono::steady_clock;
  constexpr size_t kIterations = 2'000'000;
  constexpr double kFlopsPerIteration = 2.0 * cpu::kLanes * 12;
  const int threads = current_threads();
  std::atomic<float> sink = 0;  // keeps the work from being optimised away
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const Clock::time_point start = Clock::now();
    parallel_for(threads, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        sink = cpu::vector_kernels().multiply_add(kIterations);
      }
    });
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, threads * kFlopsPerIteration * kIterations / seconds);
  }
  return best;
}

double measure_peak_bandwidth() {
  using Clock = std::chrono::steady_clock;
  constexpr size_t kBytes = size_t{128} << 20;
  const std::shared_ptr<std::byte[]> from = allocate_aligned(kBytes);
  const std::shared_ptr<std::byte[]> to = allocate_aligned(kBytes);
  const auto copy = [&](int64_t begin, int64_t end) {
    std::memcpy(to.get() + begin, from.get() + begin, static_cast<size_t>(end - begin));
  };
  std::memset(from.get(), 1, kBytes);
  parallel_for(kBytes, copy);  // the system hands the pages out
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    const Clock::time_point start = Clock::now();
    parallel_for(kBytes, copy);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, 2.0 * kBytes / seconds);
  }
  return best;
}

}  // namespace orthrus
