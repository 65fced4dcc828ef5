#include "tasks/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace orthrus {
namespace {

TEST(MetricSums, CountsWeightedRowsOnly) {
  const std::vector<float> probabilities = {0.7F, 0.3F, 0.2F, 0.8F, 0.9F, 0.1F};
  const std::vector<float> labels = {0, 0, 1};
  const std::vector<float> weights = {1, 1, 0};
  MetricSums sums;
  sums.add(probabilities, labels, weights);
  EXPECT_EQ(sums.weight, 2);
  EXPECT_DOUBLE_EQ(sums.accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(sums.top_k_accuracy(), 1);
  EXPECT_NEAR(sums.mean_loss(), -(std::log(0.7) + std::log(0.2)) / 2, 1e-7);
}

TEST(MetricSums, TopFiveLeavesTheSixthOut) {
  const std::vector<float> row = {0.3F, 0.25F, 0.2F, 0.12F, 0.08F, 0.05F};
  const std::vector<float> weights = {1};
  for (const int label : {4, 5}) {
    MetricSums sums;
    sums.add(row, std::vector<float>{static_cast<float>(label)}, weights);
    EXPECT_EQ(sums.top_k_accuracy(), label == 4 ? 1 : 0);
    EXPECT_EQ(sums.accuracy(), 0);
  }
}

TEST(MetricSums, EqualProbabilitiesRankTheLowerClassFirst) {
  const std::vector<float> row = {0.5F, 0.5F};
  MetricSums first;
  first.add(row, std::vector<float>{0}, std::vector<float>{1});
  MetricSums second;
  second.add(row, std::vector<float>{1}, std::vector<float>{1});
  EXPECT_EQ(first.accuracy(), 1);
  EXPECT_EQ(second.accuracy(), 0);
}

TEST(MetricSums, BoundsTheLossOfAZeroProbabilityAndLetsNaNThrough) {
  MetricSums zero;
  zero.add(std::vector<float>{1, 0}, std::vector<float>{1}, std::vector<float>{1});
  EXPECT_NEAR(zero.mean_loss(), -std::log(1e-12), 1e-5);
  MetricSums nan;
  const float none = std::numeric_limits<float>::quiet_NaN();
  nan.add(std::vector<float>{none, none}, std::vector<float>{1}, std::vector<float>{1});
  EXPECT_TRUE(std::isnan(nan.mean_loss()));
}

TEST(MetricSums, OfAMultilabelTaskCountEveryLabel) {
  const Task task{.name = "t", .classes = 2, .kind = TaskKind::kMultilabel};
  MetricSums sums;
  sums.add(task, std::vector<float>{0.9F, 0.4F, 0.25F, 0.6F}, std::vector<float>{1, 1, 0, 0},
           std::vector<float>{1, 1, 1, 0});
  EXPECT_EQ(sums.weight, 3);
  EXPECT_EQ(sums.correct, 2);
  EXPECT_NEAR(sums.loss, -std::log(0.9) - std::log(0.4) - std::log(0.75), 1e-6);
}

TEST(MetricSums, AddsUp) {
  MetricSums a{.weight = 2, .correct = 1, .top_k = 2, .loss = 3};
  a.add(MetricSums{.weight = 2, .correct = 2, .top_k = 2, .loss = 1});
  EXPECT_EQ(a, (MetricSums{.weight = 4, .correct = 3, .top_k = 4, .loss = 4}));
  EXPECT_EQ(MetricSums{}.mean_loss(), 0);
}

}  // namespace
}  // namespace orthrus
