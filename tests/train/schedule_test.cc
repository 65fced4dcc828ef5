#include "train/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orthrus {
namespace {

TEST(MultiFactorSchedule, DecaysAfterTheStepAndNotAtIt) {
  const MultiFactorSchedule schedule{.base = 0.1, .factor = 0.1, .steps = {4, 7}};
  EXPECT_EQ(schedule.rate(1), 0.1);
  EXPECT_EQ(schedule.rate(4), 0.1);
  EXPECT_EQ(schedule.rate(5), 0.1 * 0.1);
  EXPECT_EQ(schedule.rate(7), 0.1 * 0.1);
  EXPECT_EQ(schedule.rate(8), 0.1 * 0.1 * 0.1);
}

TEST(ClassicSteps, CountExamplesAndNotTheList) {
  EXPECT_THAT(classic_steps(20000, 200), ::testing::ElementsAre(500, 1000));
  EXPECT_THAT(classic_steps(100, 200), ::testing::ElementsAre(5, 10));
}

}  // namespace
}  // namespace orthrus
