#include "exec/memory_planner.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace orthrus {

namespace {

// The most bytes that are alive at one step, and which step that is.
std::pair<size_t, int> most_alive(const std::vector<Lifetime>& lifetimes) {
  int steps = 0;
  for (const Lifetime& life : lifetimes) steps = std::max(steps, life.last + 1);
  std::vector<ptrdiff_t> change(static_cast<size_t>(steps) + 1, 0);
  for (const Lifetime& life : lifetimes) {
    const auto size = static_cast<ptrdiff_t>(arena_aligned(life.size_bytes));
    change[static_cast<size_t>(life.first)] += size;
    change[static_cast<size_t>(life.last) + 1] -= size;
  }
  ptrdiff_t alive = 0, most = 0;
  int fullest = 0;
  for (int step = 0; step < steps; ++step) {
    alive += change[static_cast<size_t>(step)];
    if (alive <= most) continue;
    most = alive;
    fullest = step;
  }
  return {static_cast<size_t>(most), fullest};
}

}  // namespace

ArenaPlan plan_arena(const std::vector<Lifetime>& lifetimes) {
  ArenaPlan plan;
  plan.offsets.resize(lifetimes.size());
  std::tie(plan.lower_bound_bytes, plan.fullest_step) = most_alive(lifetimes);
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>{},
                           [&](size_t i) { return lifetimes[i].size_bytes; });
  std::vector<size_t> placed;
  for (const size_t i : order) {
    const Lifetime& life = lifetimes[i];
    std::vector<std::pair<size_t, size_t>> taken;  // [begin, end) of buffers alive together with i
    for (const size_t j : placed) {
      const Lifetime& other = lifetimes[j];
      if (other.last < life.first || life.last < other.first) continue;
      taken.emplace_back(plan.offsets[j], plan.offsets[j] + arena_aligned(other.size_bytes));
    }
    std::ranges::sort(taken);
    size_t offset = 0;
    for (const auto& [begin, end] : taken) {
      if (begin >= offset + arena_aligned(life.size_bytes)) break;
      offset = std::max(offset, end);
    }
    plan.offsets[i] = offset;
    plan.size_bytes = std::max(plan.size_bytes, offset + arena_aligned(life.size_bytes));
    placed.push_back(i);
  }
  return plan;
}

}  // namespace orthrus
