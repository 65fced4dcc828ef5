#include "train/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orthrus {
namespace {

EpochReport epoch_with(int number, std::vector<double> accuracies) {
  EpochReport epoch{.epoch = number, .train = {}, .validation = {}, .task_weights = {}};
  for (const double accuracy : accuracies) {
    epoch.train.push_back({.weight = 10, .correct = 9, .top_k = 10, .loss = 1});
    epoch.validation.push_back({.weight = 4, .correct = 4 * accuracy, .top_k = 4, .loss = 2});
    epoch.task_weights.push_back(0.5);
    epoch.score = accuracy;
  }
  return epoch;
}

TEST(BestEpoch, IsTheEarliestWithTheBestScore) {
  EXPECT_EQ(best_epoch({}, true), -1);
  const std::vector<EpochReport> history = {epoch_with(5, {0.5}), epoch_with(6, {0.75}),
                                            epoch_with(7, {0.75}), epoch_with(8, {0.5})};
  EXPECT_EQ(best_epoch(history, true), 1);
  EXPECT_EQ(best_epoch(history, false), 0);
}

TEST(BestEpoch, PrefersAnyScoreToNone) {
  const std::vector<EpochReport> history = {epoch_with(0, {}), epoch_with(1, {0.5}),
                                            epoch_with(2, {})};
  EXPECT_EQ(best_epoch(history, true), 1);
}

TEST(PlateauCuts, CountEpochsInARowThatWereNoBetter) {
  std::vector<EpochReport> history;
  std::vector<int> cuts;
  // The best one is the second; its like is no better. After a cut the count begins anew.
  for (const double score : {0.5, 0.75, 0.75, 0.5, 0.6, 0.7, 0.8, 0.7, 0.7}) {
    history.push_back(epoch_with(static_cast<int>(history.size()), {score}));
    cuts.push_back(plateau_cuts(history, true, 2));
  }
  EXPECT_THAT(cuts, ::testing::ElementsAre(0, 0, 0, 1, 1, 2, 2, 2, 3));
  // Of losses the lower ones are better.
  EXPECT_EQ(plateau_cuts(std::span(history).first(2), false, 1), 1);
  EXPECT_EQ(plateau_cuts({}, true, 1), 0);
}

TEST(BestEpoch, MayBeLongAgo) {
  std::vector<EpochReport> history;
  EXPECT_FALSE(has_stalled(history, true, 1));
  for (const double accuracy : {0.5, 0.75, 0.75, 0.5}) {
    history.push_back(epoch_with(static_cast<int>(history.size()), {accuracy}));
  }
  EXPECT_TRUE(has_stalled(history, true, 2));
  EXPECT_FALSE(has_stalled(history, true, 3));
  EXPECT_FALSE(has_stalled(history, true, 0));
}

TEST(BestEpoch, IsTheLastOneWithoutValidation) {
  const std::vector<EpochReport> history = {epoch_with(0, {}), epoch_with(1, {})};
  EXPECT_EQ(best_epoch(history, true), 1);
}

}  // namespace
}  // namespace orthrus
