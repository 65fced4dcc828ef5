#include "data/mixing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace orthrus {
namespace {

// Five pictures of 3x8x10, each of one value in all pixels: 1, 2, 4, 8, 16; the last does not
// count.
Batch five() {
  Batch batch;
  batch.images = Tensor({5, 3, 8, 10}, DType::kF32);
  batch.labels = Tensor({5, 1}, DType::kF32);
  batch.count = 4;
  for (size_t i = 0; i < 5; ++i) {
    std::ranges::fill(batch.images.data().subspan(i * 240, 240),
                      std::ldexp(1.0F, static_cast<int>(i)));
  }
  return batch;
}

TEST(DrawBeta, HasItsMoments) {
  for (const double alpha : {0.2, 1.0, 4.0}) {
    double sum = 0, squares = 0;
    constexpr int kDraws = 40000;
    RandomStream random(1, StreamPurpose::kMixing, 0, 0);
    for (int i = 0; i < kDraws; ++i) {
      const double x = draw_beta(alpha, random);
      ASSERT_TRUE(x >= 0 && x <= 1);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kDraws;
    EXPECT_NEAR(mean, 0.5, 0.01) << alpha;
    EXPECT_NEAR(squares / kDraws - mean * mean, 1 / (4 * (2 * alpha + 1)), 0.005) << alpha;
  }
}

TEST(MixPictures, DoesNothingUnlessAsked) {
  Batch batch = five();
  batch.partners = {1};
  mix_pictures({}, 1, 0, 0, batch);
  EXPECT_TRUE(batch.partners.empty());
  EXPECT_EQ(batch.images.data()[0], 1);
}

TEST(MixPictures, BlendsPairsFromTheEndsInwards) {
  Batch batch = five();
  mix_pictures({.mixup = 1}, 1, 2, 3, batch);
  EXPECT_EQ(batch.partners, (std::vector<int>{3, 2, 1, 0, 4}));
  EXPECT_EQ(batch.shares[0], batch.shares[3]);
  EXPECT_NE(batch.shares[0], batch.shares[1]);
  EXPECT_EQ(batch.shares[4], 1);
  const auto value = [&](size_t i) { return batch.images.data()[i * 240]; };
  EXPECT_FLOAT_EQ(value(0), batch.shares[0] * 1 + (1 - batch.shares[0]) * 8);
  EXPECT_FLOAT_EQ(value(3), batch.shares[0] * 8 + (1 - batch.shares[0]) * 1);
  EXPECT_FLOAT_EQ(value(1), batch.shares[1] * 2 + (1 - batch.shares[1]) * 4);
  EXPECT_EQ(value(4), 16) << "the fill is left alone";
}

TEST(MixPictures, ExchangesRectangles) {
  bool some_cut = false;
  for (uint64_t number = 0; number < 20; ++number) {
    Batch batch = five();
    mix_pictures({.cutmix = 1}, 1, 0, number, batch);
    const std::span<const float> first = batch.images.data().subspan(0, 240);
    const std::span<const float> last = batch.images.data().subspan(3 * 240, 240);
    const auto own = std::ranges::count(first, 1.0F), other = std::ranges::count(first, 8.0F);
    EXPECT_EQ(own + other, 240);
    EXPECT_FLOAT_EQ(batch.shares[0], static_cast<float>(own) / 240);
    for (size_t i = 0; i < 240; ++i) EXPECT_EQ(first[i] + last[i], 9);
    some_cut = some_cut || (own > 0 && other > 0);
  }
  EXPECT_TRUE(some_cut);
}

TEST(MixPictures, WithBothEachPairGetsOne) {
  int blended = 0;
  constexpr int kTimes = 400;
  for (uint64_t number = 0; number < kTimes; ++number) {
    Batch batch = five();
    mix_pictures({.mixup = 1, .cutmix = 1}, 1, 0, number, batch);
    const float value = batch.images.data()[0];
    blended += value != 1 && value != 8 ? 1 : 0;
  }
  EXPECT_NEAR(blended, kTimes / 2, 50);
}

TEST(MixPictures, DependsOnSeedEpochAndPlaceAlone) {
  const auto shares = [](uint64_t seed, uint64_t epoch, uint64_t number) {
    Batch batch = five();
    mix_pictures({.mixup = 0.5}, seed, epoch, number, batch);
    return batch.shares;
  };
  EXPECT_EQ(shares(1, 2, 3), shares(1, 2, 3));
  EXPECT_NE(shares(1, 2, 3), shares(2, 2, 3));
  EXPECT_NE(shares(1, 2, 3), shares(1, 3, 3));
  EXPECT_NE(shares(1, 2, 3), shares(1, 2, 4));
}

}  // namespace
}  // namespace orthrus
