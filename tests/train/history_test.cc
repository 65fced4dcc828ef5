#include "train/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orthrus {
namespace {

EpochReport epoch_with(int number, std::vector<double> accuracies) {
  EpochReport epoch{.epoch = number, .train = {}, .validation = {}};
  for (const double accuracy : accuracies) {
    epoch.train.push_back({.weight = 10, .correct = 9, .top_k = 10, .loss = 1});
    epoch.validation.push_back({.weight = 4, .correct = 4 * accuracy, .top_k = 4, .loss = 2});
  }
  return epoch;
}

TEST(BestEpoch, IsTheEarliestWithTheHighestMeanAccuracy) {
  EXPECT_EQ(best_epoch({}), -1);
  const std::vector<EpochReport> history = {epoch_with(5, {0.5, 0.75}), epoch_with(6, {1, 0.5}),
                                            epoch_with(7, {0.75, 0.75})};
  EXPECT_EQ(score(history[0]), 0.625);
  EXPECT_EQ(best_epoch(history), 1);
}

TEST(BestEpoch, IsTheLastOneWithoutValidation) {
  EXPECT_EQ(score(epoch_with(0, {})), std::nullopt);
  const std::vector<EpochReport> history = {epoch_with(0, {}), epoch_with(1, {})};
  EXPECT_EQ(best_epoch(history), 1);
}

TEST(BestEpoch, LeavesOutTasksWithoutLabels) {
  std::vector<EpochReport> history = {epoch_with(0, {0.5, 0.5})};
  history[0].validation[1] = {};
  EXPECT_EQ(score(history[0]), 0.5);
  history[0].validation[0] = {};
  EXPECT_EQ(score(history[0]), std::nullopt);
}

}  // namespace
}  // namespace orthrus
