#include "train/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace orthrus {
namespace {

using ::testing::DoubleNear;
using ::testing::Pointwise;

TEST(StepSchedule, DecaysAfterTheStepAndNotAtIt) {
  const Schedule schedule{.base = 0.1, .factor = 0.1, .steps = {4, 7}};
  EXPECT_EQ(schedule.rate(1), 0.1);
  EXPECT_EQ(schedule.rate(4), 0.1);
  EXPECT_EQ(schedule.rate(5), 0.1 * 0.1);
  EXPECT_EQ(schedule.rate(7), 0.1 * 0.1);
  EXPECT_EQ(schedule.rate(8), 0.1 * 0.1 * 0.1);
}

std::vector<double> rates(const Schedule& schedule, int count) {
  std::vector<double> all;
  for (int update = 1; update <= count; ++update) all.push_back(schedule.rate(update));
  return all;
}

// torch.optim.lr_scheduler.CosineAnnealingLR(T_max=4, eta_min=0.1) at a rate of 1.
TEST(CosineSchedule, FallsAlongHalfACosine) {
  const Schedule schedule{.kind = ScheduleKind::kCosine, .base = 1, .updates = 4, .last = 0.1};
  EXPECT_THAT(rates(schedule, 5),
              Pointwise(DoubleNear(1e-12),
                        std::vector<double>{1, 0.1 + 0.9 * (1 + std::sqrt(0.5)) / 2, 0.55,
                                            0.1 + 0.9 * (1 - std::sqrt(0.5)) / 2, 0.1}));
}

TEST(LinearSchedule, FallsInALineBehindItsWarmUp) {
  const Schedule schedule{
      .kind = ScheduleKind::kLinear, .base = 2, .updates = 6, .warmup = 2, .last = 0.5};
  EXPECT_THAT(rates(schedule, 7),
              Pointwise(DoubleNear(1e-12), std::vector<double>{1, 2, 2, 1.75, 1.5, 1.25, 1}));
}

// torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=10): up to step 2, down to step 9.
TEST(OneCycleSchedule, RisesAndFalls) {
  const Schedule schedule{.kind = ScheduleKind::kOneCycle, .base = 1, .updates = 10};
  const std::vector<double> all = rates(schedule, 10);
  EXPECT_NEAR(all[0], 0.04, 1e-12);
  EXPECT_NEAR(all[1], 0.52, 1e-12);
  EXPECT_DOUBLE_EQ(all[2], 1);
  EXPECT_NEAR(all[5], 4e-6 + (1 - 4e-6) * (1 + std::cos(std::numbers::pi * 3 / 7)) / 2, 1e-12);
  EXPECT_NEAR(all[9], 4e-6, 1e-12);
}

TEST(Schedule, StaysAtItsEnds) {
  for (const ScheduleKind kind :
       {ScheduleKind::kCosine, ScheduleKind::kLinear, ScheduleKind::kOneCycle}) {
    const Schedule one{.kind = kind, .base = 1, .updates = 1};
    EXPECT_GT(one.rate(1), 0);
    const Schedule schedule{.kind = kind, .base = 1, .updates = 5};
    EXPECT_EQ(schedule.rate(9), schedule.rate(6));
  }
  EXPECT_EQ((Schedule{.kind = ScheduleKind::kConstant, .base = 3}.rate(99)), 3);
}

TEST(Schedule, IsKnownByName) {
  EXPECT_EQ(schedule_named("one-cycle"), ScheduleKind::kOneCycle);
  try {
    (void)schedule_named("cosin");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.hint(), ::testing::HasSubstr("'cosine'"));
  }
}

TEST(Schedule, FallsWithEachCutOfAPlateau) {
  const Schedule schedule{.kind = ScheduleKind::kPlateau, .base = 0.5, .factor = 0.1, .warmup = 2};
  EXPECT_EQ(schedule.rate(1), 0.25);
  EXPECT_EQ(schedule.rate(100), 0.5);
  EXPECT_DOUBLE_EQ(schedule.rate(100, 2), 0.005);
}

// bit_hyperrule.py: get_schedule(), get_mixup(), get_lr()
TEST(HyperRule, GoesByTheNumberOfPictures) {
  EXPECT_EQ(hyper_rule(19'999).updates, 500);
  EXPECT_EQ(hyper_rule(19'999).mixup, 0);
  EXPECT_EQ(hyper_rule(20'000).updates, 10'000);
  EXPECT_EQ(hyper_rule(20'000).mixup, 0.1);
  EXPECT_EQ(hyper_rule(500'000).updates, 20'000);
  const HyperRule rule = hyper_rule(10);
  const Schedule schedule{
      .kind = ScheduleKind::kStep, .base = 0.003, .steps = rule.steps, .warmup = rule.warmup};
  EXPECT_DOUBLE_EQ(schedule.rate(50), 0.0015);
  EXPECT_DOUBLE_EQ(schedule.rate(200), 0.003);
  EXPECT_DOUBLE_EQ(schedule.rate(201), 0.0003);
  EXPECT_NEAR(schedule.rate(500), 0.000003, 1e-12);
}

TEST(ClassicSteps, CountExamplesAndNotTheList) {
  EXPECT_THAT(classic_steps(20000, 200), ::testing::ElementsAre(500, 1000));
  EXPECT_THAT(classic_steps(100, 200), ::testing::ElementsAre(5, 10));
}

}  // namespace
}  // namespace orthrus
