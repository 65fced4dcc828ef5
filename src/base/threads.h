// How many processors this process may use, and one parallel loop over the OpenMP runtime that
// oneDNN uses too (libgomp): two runtimes would fight for the same cores.
#pragma once

#include <cstdint>
#include <functional>

namespace orthrus {

// Physical cores that this process may use: CPU affinity and the cgroup's CPU quota respected;
// at least 1.
[[nodiscard]] int usable_cores();

// Sets the number of threads of every following parallel region of this process (1..1024).
void set_threads(int threads);
[[nodiscard]] int current_threads();

// Calls body(begin, end) on contiguous, statically chosen parts of [0, count), one per thread.
// An exception in the body is rethrown on the calling thread (the first by part).
void parallel_for(int64_t count, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace orthrus
