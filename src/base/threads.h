// How many processors this process may use, and one parallel loop over the OpenMP runtime that
// oneDNN uses too (libgomp): two runtimes would fight for the same cores.
#pragma once

#include <cstdint>
#include <functional>

namespace orthrus {

// Physical cores that this process may use: CPU affinity and the cgroup's CPU quota respected;
// at least 1.
[[nodiscard]] int usable_cores();

// Sets the number of threads (1..1024) of every following parallel region that the calling thread
// begins. It holds for this thread only: others begin regions on all cores, so background threads
// use neither parallel_for() nor anything that does.
void set_threads(int threads);
[[nodiscard]] int current_threads();  // of the calling thread

// Starts the program anew, once, with a bound on how long a thread spins while it waits for the
// others, unless OMP_WAIT_POLICY or GOMP_SPINCOUNT say something already. libgomp reads them when
// it is loaded, before main, and knows no other way. Left alone it spins for milliseconds: where
// other processes want the same cores, a thread then burns the time in which the one that it waits
// for could have run (bench/shared_cores.py). Returns where it cannot, and in the new process.
void bound_spinning(char** argv);

// Calls body(begin, end) on contiguous, statically chosen parts of [0, count), one per thread.
// An exception in the body is rethrown on the calling thread (the first by part).
void parallel_for(int64_t count, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace orthrus
