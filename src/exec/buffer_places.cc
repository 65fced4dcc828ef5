#include "exec/buffer_places.h"

#include <algorithm>

#include "base/error.h"
#include "exec/memory_planner.h"

namespace orthrus {
namespace {

// A plan that the system could not back with memory would be killed in its first step.
void check_memory(const PlanMemory& plan, size_t usable, int64_t batch) {
  constexpr double kGiga = 1e9;
  const size_t needed = plan.arena_bytes + plan.persistent_bytes;
  if (usable == 0 || needed <= usable || batch < 1) return;
  // All but the parameters grows with the batch.
  const size_t left = usable - std::min(usable, plan.parameter_bytes);
  const double part =
      static_cast<double>(left) / static_cast<double>(needed - plan.parameter_bytes);
  const auto fits = static_cast<int64_t>(part * static_cast<double>(batch));
  throw resource_error("a batch of {} needs {:.2f} GB of memory, and {:.2f} GB can be had", batch,
                       static_cast<double>(needed) / kGiga, static_cast<double>(usable) / kGiga)
      .with_hint(fits > 0 ? fmt::format("--batch-size {} would fit", fits)
                          : "smaller pictures, a smaller network or --precision bf16 need less");
}

// Buffers in the arena, by number.
std::vector<int> arena_buffers(const Program& program) {
  std::vector<int> numbers;
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& buffer = program.buffers[i];
    const bool own = buffer.merged_into == kNoBuffer && buffer.storage == Storage::kArena;
    if (own && buffer.first_step >= 0) numbers.push_back(static_cast<int>(i));
  }
  return numbers;
}

bool is_persistent(const Buffer& buffer) {
  return buffer.merged_into == kNoBuffer && buffer.storage == Storage::kPersistent;
}

}  // namespace

BufferPlaces place_buffers(Program& program, Device& device, size_t limit_bytes, int64_t batch) {
  const std::vector<int> in_arena = arena_buffers(program);
  std::vector<Lifetime> lifetimes;
  for (const int number : in_arena) {
    const Buffer& buffer = program.buffers[at(number)];
    lifetimes.push_back({buffer.first_step, buffer.last_step, buffer.desc.size_bytes});
  }
  const ArenaPlan plan = plan_arena(lifetimes);
  BufferPlaces places;
  places.fullest_step = plan.fullest_step;
  places.memory = {.parameter_bytes = 0,
                   .persistent_bytes = 0,
                   .arena_bytes = plan.size_bytes,
                   .lower_bound_bytes = plan.lower_bound_bytes};
  for (const Buffer& buffer : program.buffers) {
    if (is_persistent(buffer)) {
      places.memory.persistent_bytes += arena_aligned(buffer.desc.size_bytes);
    }
  }
  for (const ProgramParameter& parameter : program.parameters) {
    places.memory.parameter_bytes += program.buffers[at(parameter.buffer)].desc.size_bytes;
  }
  check_memory(places.memory, limit_bytes > 0 ? limit_bytes : device.available_bytes(), batch);
  places.arena = device.allocate(places.memory.arena_bytes);
  places.persistent = device.allocate(places.memory.persistent_bytes);
  device.fill_zero(places.persistent.get(), places.memory.persistent_bytes);
  for (size_t i = 0; i < in_arena.size(); ++i) {
    program.buffers[at(in_arena[i])].address = places.arena.get() + plan.offsets[i];
  }
  std::byte* next = places.persistent.get();
  for (Buffer& buffer : program.buffers) {
    if (!is_persistent(buffer)) continue;
    buffer.address = next;
    next += arena_aligned(buffer.desc.size_bytes);
  }
  return places;
}

std::vector<BufferInfo> arena_buffers_at(const Program& program, int step) {
  std::vector<BufferInfo> result;
  for (const int number : arena_buffers(program)) {
    const Buffer& buffer = program.buffers[at(number)];
    if (buffer.first_step > step || buffer.last_step < step) continue;
    result.push_back({.name = buffer.name,
                      .size_bytes = buffer.desc.size_bytes,
                      .first_step = buffer.first_step,
                      .last_step = buffer.last_step});
  }
  std::ranges::stable_sort(result, std::greater<>{}, &BufferInfo::size_bytes);
  return result;
}

}  // namespace orthrus
