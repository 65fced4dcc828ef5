// Where the buffers of a program lie: those that live for some steps in one arena
// (memory_planner.h), the others in memory of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "exec/plan.h"
#include "exec/program.h"

namespace orthrus {

struct BufferPlaces {
  std::shared_ptr<std::byte[]> arena, persistent;
  PlanMemory memory;
  int fullest_step = 0;  // of the arena
};

// Allocates the memory, the persistent part all zeros, and gives every buffer its address. Throws
// kResource when `limit_bytes` (0: what the device can still give) do not suffice for `batch`
// pictures, with the number for which they would.
[[nodiscard]] BufferPlaces place_buffers(Program& program, Device& device, size_t limit_bytes,
                                         int64_t batch);

// What lies in the arena at that step, largest first.
[[nodiscard]] std::vector<BufferInfo> arena_buffers_at(const Program& program, int step);

}  // namespace orthrus
