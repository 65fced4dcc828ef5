#include "data/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace orthrus {
namespace {

TEST(EpochOrder, IsTheListsOrderUnlessShuffled) {
  EXPECT_EQ(epoch_order(4, false, 9, 9), (std::vector<uint32_t>{0, 1, 2, 3}));
}

TEST(EpochOrder, IsFisherYatesOfTheDocumentedStream) {
  constexpr uint32_t kCount = 50;
  std::vector<uint32_t> expected(kCount);
  std::iota(expected.begin(), expected.end(), 0U);
  RandomStream random(3, StreamPurpose::kShuffle, 5, 0);
  for (uint32_t i = kCount - 1; i >= 1; --i) std::swap(expected[i], expected[random.below(i + 1)]);
  EXPECT_EQ(epoch_order(kCount, true, 3, 5), expected);
}

TEST(EpochOrder, IsAPermutationThatDependsOnSeedAndEpoch) {
  std::vector<uint32_t> order = epoch_order(1000, true, 1, 0);
  EXPECT_NE(order, epoch_order(1000, true, 1, 1));
  EXPECT_NE(order, epoch_order(1000, true, 2, 0));
  std::ranges::sort(order);
  EXPECT_EQ(order, epoch_order(1000, false, 1, 0));
}

TEST(Sampler, CountsBatches) {
  EXPECT_EQ(Sampler(10, 4, false, LastBatch::kPad, 0).batches_per_epoch(), 3U);
  EXPECT_EQ(Sampler(10, 4, false, LastBatch::kMxnet, 0).batches_per_epoch(), 3U);
  EXPECT_EQ(Sampler(10, 4, false, LastBatch::kDiscard, 0).batches_per_epoch(), 2U);
  EXPECT_EQ(Sampler(8, 4, false, LastBatch::kPad, 0).batches_per_epoch(), 2U);
}

TEST(Sampler, FillsTheLastBatchFromTheStart) {
  const Sampler sampler(10, 4, false, LastBatch::kPad, 0);
  EXPECT_EQ(sampler.turn(2, 1), 9U);
  EXPECT_EQ(sampler.turn(2, 2), 0U);
  EXPECT_EQ(sampler.turn(2, 3), 1U);
  EXPECT_EQ(sampler.counted(1), 4);
  EXPECT_EQ(sampler.counted(2), 2);
  EXPECT_EQ(Sampler(10, 4, false, LastBatch::kMxnet, 0).counted(2), 4);
}

TEST(Sampler, AListSmallerThanABatchGoesRound) {
  const Sampler sampler(3, 8, false, LastBatch::kPad, 0);
  EXPECT_EQ(sampler.batches_per_epoch(), 1U);
  EXPECT_EQ(sampler.counted(0), 3);
  EXPECT_EQ(sampler.turn(0, 7), 1U);
}

TEST(Sampler, RefusesWhatCannotBe) {
  EXPECT_THROW(Sampler(10, 0, false, LastBatch::kPad, 0), Error);
  EXPECT_THROW(Sampler(0, 4, false, LastBatch::kPad, 0), Error);
  EXPECT_THROW(Sampler(3, 4, false, LastBatch::kDiscard, 0), Error);
  Sampler sampler(10, 4, false, LastBatch::kPad, 0);
  EXPECT_THROW(sampler.restore({.epoch = 0, .batch = 4}), Error);
  sampler.restore({.epoch = 0, .batch = 3});
  EXPECT_TRUE(sampler.at_end());
}

TEST(Sampler, RestoreGivesTheOrderOfTheEpoch) {
  Sampler sampler(20, 4, true, LastBatch::kPad, 6);
  EXPECT_EQ(sampler.order(), epoch_order(20, true, 6, 0));
  sampler.restore({.epoch = 3, .batch = 2});
  EXPECT_EQ(sampler.order(), epoch_order(20, true, 6, 3));
  EXPECT_EQ(sampler.state().batch, 2U);
}

}  // namespace
}  // namespace orthrus
