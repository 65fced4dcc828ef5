// The roof: how fast this machine multiplies and adds right now.
#include <algorithm>
#include <atomic>
#include <chrono>

#include "backend/backend.h"
#include "backend/cpu/vector_kernels.h"
#include "base/threads.h"

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

}  // namespace orthrus
