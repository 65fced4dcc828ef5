// Against SciPy (reference/make_references.py calibration).
#include "tasks/calibration.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tasks/evaluation.h"

namespace orthrus {
namespace {

const Task kSoftmax{.name = "t", .classes = 3};
const Task kMultilabel{.name = "t", .classes = 3, .kind = TaskKind::kMultilabel};

std::vector<float> softmax(const std::vector<double>& logits, size_t width, double temperature) {
  std::vector<float> rows;
  for (size_t row = 0; row < logits.size(); row += width) {
    double all = 0;
    for (size_t k = 0; k < width; ++k) all += std::exp(logits[row + k] / temperature);
    for (size_t k = 0; k < width; ++k) {
      rows.push_back(static_cast<float>(std::exp(logits[row + k] / temperature) / all));
    }
  }
  return rows;
}

const std::vector<double> kLogits = {4, 1, 0,   0.5, 3, -1, 2,  2.5, 6,  5, -2, 1,
                                     1, 3, 2.5, 0,   1, -4, -1, 4,   -3, 2, 2,  9};

TEST(TemperatureFit, FindsTheLeastCrossEntropy) {
  TemperatureFit fit(kSoftmax);
  const std::vector<float> labels = {0, 1, 1, 0, 2, 1, 1, 2};
  fit.add(softmax(kLogits, 3, 1), labels, std::vector<float>(8, 1));
  EXPECT_NEAR(fit.temperature(), 1.6733403, 1e-5);
}

TEST(TemperatureFit, LeavesOutWhatHasNoLabel) {
  TemperatureFit fit(kSoftmax);
  const std::vector<float> labels = {0, 1, 1, 0, 2, 1, 2, 2};
  fit.add(softmax(kLogits, 3, 1), labels, std::vector<float>{1, 1, 1, 1, 1, 1, 0, 1});
  TemperatureFit without(kSoftmax);
  std::vector<double> logits = kLogits;
  logits.erase(logits.begin() + 18, logits.begin() + 21);
  without.add(softmax(logits, 3, 1), std::vector<float>{0, 1, 1, 0, 2, 1, 2},
              std::vector<float>(7, 1));
  EXPECT_EQ(fit.temperature(), without.temperature());
}

TEST(TemperatureFit, TakesEachLabelOfAMultilabelTask) {
  TemperatureFit fit(kMultilabel);
  std::vector<float> probabilities;
  for (const double logit : kLogits) {
    probabilities.push_back(static_cast<float>(1 / (1 + std::exp(-logit))));
  }
  const std::vector<float> labels = {1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1,
                                     0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1};
  fit.add(probabilities, labels, std::vector<float>(24, 1));
  EXPECT_NEAR(fit.temperature(), 1.7000058, 1e-5);
}

TEST(TemperatureFit, IsOneWhereTheLabelsSayNothing) {
  EXPECT_EQ(TemperatureFit(kSoftmax).temperature(), 1);
  TemperatureFit right(kSoftmax);
  right.add(std::vector<float>{0.9F, 0.05F, 0.05F, 0.1F, 0.8F, 0.1F}, std::vector<float>{0, 1},
            std::vector<float>{1, 1});
  EXPECT_EQ(right.temperature(), 1);
  TemperatureFit wrong(kSoftmax);
  wrong.add(std::vector<float>{0.9F, 0.05F, 0.05F}, std::vector<float>{1}, std::vector<float>{1});
  EXPECT_EQ(wrong.temperature(), 1);
}

TEST(ChangeTemperature, GoesThereAndBack) {
  for (const Task& task : {kSoftmax, kMultilabel}) {
    const std::vector<float> before = {0.7F, 0.2F, 0.1F};
    std::vector<float> row = before;
    change_temperature(task, 0.5, row);
    EXPECT_LT(row[0], 0.7F);
    EXPECT_GT(row[0], 0.5F);
    change_temperature(task, 2, row);
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(row[k], before[k], 1e-6);
  }
  std::vector<float> cold = softmax({4, 1, 0}, 3, 1);
  change_temperature(kSoftmax, 0.4, cold);
  const std::vector<float> wanted = softmax({4, 1, 0}, 3, 2.5);
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(cold[k], wanted[k], 1e-6);
}

TEST(ChangeTemperature, KeepsZeroTheLeast) {
  std::vector<float> row = {1, 0, 1e-30F};
  change_temperature(kSoftmax, 0.5, row);
  EXPECT_NEAR(row[0], 1, 1e-6);
  EXPECT_LT(row[1], row[2]);
}

}  // namespace
}  // namespace orthrus
