#include "base/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace orthrus {
namespace {

using ::testing::ElementsAre;

// Known answers: kat_vectors of Random123 1.14.
TEST(Philox, KnownAnswers) {
  EXPECT_THAT(philox4x32({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_THAT(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(
      philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
      ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(RandomStream, IsAFunctionOfItsKey) {
  RandomStream a(1, StreamPurpose::kShuffle, 2, 3), b(1, StreamPurpose::kShuffle, 2, 3);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(a.next_u32(), b.next_u32());
}

TEST(RandomStream, EveryPartOfTheKeyMatters) {
  const std::set<uint32_t> first = {RandomStream(1, StreamPurpose::kShuffle, 2, 3).next_u32(),
                                    RandomStream(2, StreamPurpose::kShuffle, 2, 3).next_u32(),
                                    RandomStream(1, StreamPurpose::kAugment, 2, 3).next_u32(),
                                    RandomStream(1, StreamPurpose::kShuffle, 3, 3).next_u32(),
                                    RandomStream(1, StreamPurpose::kShuffle, 2, 4).next_u32(),
                                    RandomStream(1, StreamPurpose::kShuffle, 3, 2).next_u32()};
  EXPECT_EQ(first.size(), 6U);
}

TEST(RandomStream, UniformAndNormalHaveTheirMoments) {
  RandomStream stream(7, StreamPurpose::kSynthetic, 0, 0);
  constexpr int kCount = 20'000;
  double sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double u = stream.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    const double z = stream.normal();
    normal_sum += z;
    normal_squares += z * z;
  }
  // Five standard deviations of each mean.
  EXPECT_NEAR(sum / kCount, 0.5, 5 * 0.2887 / 141.4);
  EXPECT_NEAR(normal_sum / kCount, 0, 5 / 141.4);
  EXPECT_NEAR(normal_squares / kCount, 1, 5 * 1.4142 / 141.4);
}

TEST(RandomStream, BelowReachesEveryValueEvenly) {
  RandomStream stream(7, StreamPurpose::kSynthetic, 0, 1);
  std::array<int, 5> counts{};
  for (int i = 0; i < 10'000; ++i) ++counts.at(stream.below(5));
  for (const int count : counts) EXPECT_NEAR(count, 2000, 200);
  EXPECT_EQ(stream.below(1), 0U);
}

}  // namespace
}  // namespace orthrus
