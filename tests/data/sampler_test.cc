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

std::vector<Turn> turns_of_pass(const std::vector<uint32_t>& order, uint32_t pass) {
  std::vector<Turn> turns;
  for (const uint32_t position : order) turns.push_back({position, pass});
  return turns;
}

TEST(Sampler, RestoreGivesTheOrderOfTheEpoch) {
  Sampler sampler(20, 4, true, LastBatch::kPad, 6);
  EXPECT_EQ(sampler.order(), turns_of_pass(epoch_order(20, true, 6, 0), 0));
  sampler.restore({.epoch = 3, .batch = 2});
  EXPECT_EQ(sampler.order(), turns_of_pass(epoch_order(20, true, 6, 3), 3));
  EXPECT_EQ(sampler.state().batch, 2U);
}

// Turns of the first 100 pictures, and of the 10 behind them.
std::vector<Turn> turns_in(const Sampler& sampler, uint32_t begin, uint32_t end) {
  std::vector<Turn> turns;
  for (const Turn& turn : sampler.order()) {
    if (turn.position >= begin && turn.position < end) turns.push_back(turn);
  }
  return turns;
}

TEST(TurnsOf, AreByLargestRemainders) {
  EXPECT_EQ(turns_of({{.pictures = 100}, {.pictures = 10}}, 110), (std::vector<uint64_t>{100, 10}));
  EXPECT_EQ(turns_of({{100, 1}, {10, 1}}, 110), (std::vector<uint64_t>{55, 55}));
  EXPECT_EQ(turns_of({{7, 0.5}, {2, 0.3}, {1, 0.2}}, 10), (std::vector<uint64_t>{5, 3, 2}));
  EXPECT_EQ(turns_of({{4, 1}, {3, 1}, {3, 1}}, 10), (std::vector<uint64_t>{4, 3, 3}));
}

TEST(Sampler, SourcesHaveTheirSharesOfEachEpoch) {
  for (const bool shuffle : {true, false}) {
    Sampler sampler({{100, 1}, {10, 1}}, 10, shuffle, LastBatch::kPad, 4);
    for (uint64_t epoch = 0; epoch < 3; ++epoch) {
      sampler.restore({.epoch = epoch, .batch = 0});
      EXPECT_EQ(sampler.order().size(), 110U);
      EXPECT_EQ(turns_in(sampler, 0, 100).size(), 55U);
      EXPECT_EQ(turns_in(sampler, 100, 110).size(), 55U);
    }
  }
}

// In twenty epochs of 55 turns the first source makes eleven passes, the second one hundred and
// ten; each pass has each picture once, and no turn comes twice.
TEST(Sampler, ASourceDealsOutAllItsPicturesBeforeItBeginsAnew) {
  Sampler sampler({{100, 1}, {10, 1}}, 10, true, LastBatch::kPad, 4);
  std::vector<Turn> all;
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    sampler.restore({.epoch = epoch, .batch = 0});
    std::ranges::copy(sampler.order(), std::back_inserter(all));
  }
  std::vector<Turn> wanted;
  for (uint32_t pass = 0; pass < 11; ++pass) {
    for (uint32_t position = 0; position < 100; ++position) wanted.push_back({position, pass});
  }
  for (uint32_t pass = 0; pass < 110; ++pass) {
    for (uint32_t position = 100; position < 110; ++position) wanted.push_back({position, pass});
  }
  const auto before = [](const Turn& a, const Turn& b) {
    return std::pair(a.position, a.pass) < std::pair(b.position, b.pass);
  };
  std::ranges::sort(all, before);
  std::ranges::sort(wanted, before);
  EXPECT_EQ(all, wanted);
}

TEST(Sampler, SourcesAreSpreadEvenlyWithoutShuffling) {
  Sampler sampler({{9, 3}, {3, 1}}, 4, false, LastBatch::kPad, 0);
  for (size_t batch = 0; batch < 3; ++batch) {
    int of_second = 0;
    for (size_t slot = 0; slot < 4; ++slot)
      of_second += sampler.order()[4 * batch + slot].position >= 9;
    EXPECT_EQ(of_second, 1) << "batch " << batch;
  }
}

TEST(Sampler, AMixedEpochDependsOnItsNumberAlone) {
  const std::vector<SourceTurns> sources{{30, 2}, {50, 1}};
  Sampler straight(sources, 8, true, LastBatch::kPad, 1), jumped = straight;
  for (uint64_t epoch = 0; epoch < 5; ++epoch) straight.restore({.epoch = epoch, .batch = 0});
  jumped.restore({.epoch = 4, .batch = 3});
  EXPECT_EQ(straight.order(), jumped.order());
  EXPECT_NE(Sampler(sources, 8, true, LastBatch::kPad, 2).order(),
            Sampler(sources, 8, true, LastBatch::kPad, 1).order());
}

}  // namespace
}  // namespace orthrus
