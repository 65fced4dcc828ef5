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

TEST(MetricsCsv, HasARowForEachEpochAndTask) {
  std::vector<EpochReport> history = {epoch_with(0, {0.5, 0.25})};
  history[0].updates = 7;
  history[0].learning_rate = 0.1;
  history[0].seconds = 1.25;
  history[0].validation[1] = {};
  EXPECT_EQ(metrics_csv(history, {{.name = "colour"}, {.name = "a \"b\", c"}}),
            "epoch,updates,learning_rate,seconds,task,train_labels,train_loss,train_accuracy,"
            "train_top5_accuracy,validation_labels,validation_loss,validation_accuracy,"
            "validation_top5_accuracy\n"
            "0,7,0.1,1.250,colour,10,0.1,0.9,1,4,0.5,0.5,1\n"
            "0,7,0.1,1.250,\"a \"\"b\"\", c\",10,0.1,0.9,1,,,,\n");
}

}  // namespace
}  // namespace orthrus
