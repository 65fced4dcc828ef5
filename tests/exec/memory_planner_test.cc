#include "exec/memory_planner.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace orthrus {
namespace {

// Pairs that are alive at one step and overlap in memory.
int collisions(const std::vector<Lifetime>& lives, const ArenaPlan& plan) {
  int count = 0;
  for (size_t i = 0; i < lives.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const bool together = lives[i].first <= lives[j].last && lives[j].first <= lives[i].last;
      const bool overlap = plan.offsets[i] < plan.offsets[j] + lives[j].size_bytes &&
                           plan.offsets[j] < plan.offsets[i] + lives[i].size_bytes;
      if (together && overlap) ++count;
    }
  }
  return count;
}

TEST(MemoryPlanner, NothingNeedsNothing) {
  EXPECT_EQ(plan_arena({}).size_bytes, 0u);
}

TEST(MemoryPlanner, SharesMemoryAmongThoseThatNeverMeet) {
  const ArenaPlan plan = plan_arena({{0, 1, 640}, {2, 3, 640}, {4, 9, 600}});
  EXPECT_EQ(plan.size_bytes, 640u);
  EXPECT_EQ(plan.lower_bound_bytes, 640u);
}

TEST(MemoryPlanner, KeepsThoseApartThatTouchTheSameStep) {
  const std::vector<Lifetime> lives = {{0, 2, 640}, {2, 3, 64}};
  const ArenaPlan plan = plan_arena(lives);
  EXPECT_EQ(plan.size_bytes, 704u);
  EXPECT_EQ(collisions(lives, plan), 0);
}

TEST(MemoryPlanner, BeginsEveryBufferAtACacheLine) {
  const ArenaPlan plan = plan_arena({{0, 1, 1}, {0, 1, 65}, {0, 1, 130}});
  for (const size_t offset : plan.offsets) EXPECT_EQ(offset % 64, 0u);
  EXPECT_EQ(plan.size_bytes, 64u + 128u + 192u);
}

TEST(MemoryPlanner, IsCorrectAndTightOnChainsLikeANetworks) {
  RandomStream random(7, StreamPurpose::kSynthetic, 0, 0);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> lives;
    constexpr int kSteps = 80;
    for (int step = 0; step < kSteps; ++step) {  // a forward value lives until its backward step
      const size_t size = 64 * (1 + random.below(1000));
      lives.push_back({step, 2 * kSteps - step, size});
      lives.push_back({2 * kSteps - step, 2 * kSteps - step + 1, size});
    }
    const ArenaPlan plan = plan_arena(lives);
    ASSERT_EQ(collisions(lives, plan), 0);
    EXPECT_GE(plan.size_bytes, plan.lower_bound_bytes);
    EXPECT_LE(static_cast<double>(plan.size_bytes),
              1.05 * static_cast<double>(plan.lower_bound_bytes));
  }
}

}  // namespace
}  // namespace orthrus
