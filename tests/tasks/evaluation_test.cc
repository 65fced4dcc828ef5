#include "tasks/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace orthrus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TaskEvaluation, OfSoftmaxLeavesOutMissingLabelsAndFill) {
  const Task task{.name = "t", .classes = 3};
  TaskEvaluation evaluation(task);
  evaluation.add(std::vector<float>{0.7F, 0.2F, 0.1F, 0.1F, 0.6F, 0.3F}, std::vector<float>{0, 2},
                 std::vector<float>{1, 1}, 2);
  evaluation.add(std::vector<float>{0.2F, 0.5F, 0.3F, 0.9F, 0.05F, 0.05F}, std::vector<float>{0, 0},
                 std::vector<float>{0, 0}, 1);
  const TaskReport report = evaluation.report();
  EXPECT_EQ(report.pictures, 2);
  EXPECT_EQ(report.unlabelled, 1);
  EXPECT_EQ(report.accuracy, 0.5);
  EXPECT_EQ(report.top_k, 1);
  EXPECT_NEAR(report.loss, -(std::log(0.7) + std::log(0.3)) / 2, 1e-6);
  EXPECT_THAT(report.confusion,
              ElementsAre(testing::Pair(std::pair{0, 0}, 1), testing::Pair(std::pair{2, 1}, 1)));
  EXPECT_EQ(report.classes[1], (ClassTally{.labels = 0, .answers = 1, .right = 0}));
  EXPECT_NEAR(report.macro_f1, 1.0 / 3, 1e-12);
  EXPECT_EQ(report.balanced_accuracy, 0.5);
  EXPECT_NEAR(report.calibration_error, (0.3 + 0.6) / 2, 1e-6);
  EXPECT_TRUE(std::isnan(report.mean_roc_auc));
}

TEST(TaskEvaluation, OfMultilabelCountsEveryLabelThatIsThere) {
  const Task task{.name = "t", .classes = 2, .kind = TaskKind::kMultilabel};
  TaskEvaluation evaluation(task);
  evaluation.add(std::vector<float>{0.9F, 0.4F, 0.2F, 0.6F, 0.7F, 0.5F},
                 std::vector<float>{1, 1, 0, 0, 0, 1}, std::vector<float>{1, 1, 1, 0, 1, 0}, 3);
  evaluation.add(std::vector<float>{0.1F, 0.1F}, std::vector<float>{0, 0}, std::vector<float>{0, 0},
                 1);
  const TaskReport report = evaluation.report();
  EXPECT_EQ(report.pictures, 3);
  EXPECT_EQ(report.unlabelled, 1);
  EXPECT_EQ(report.accuracy, 0.5);  // 0.9 and 0.2 are right; 0.4 and 0.7 are not
  EXPECT_THAT(report.labelled, ElementsAre(3, 1));
  EXPECT_EQ(report.classes[0], (ClassTally{.labels = 1, .answers = 2, .right = 1}));
  EXPECT_EQ(report.classes[1], (ClassTally{.labels = 1, .answers = 0, .right = 0}));
  EXPECT_EQ(report.average_precision[0], 1);
  EXPECT_EQ(report.roc_auc[0], 1);
  EXPECT_TRUE(std::isnan(report.roc_auc[1]));
  EXPECT_EQ(report.mean_roc_auc, 1);
  EXPECT_TRUE(report.confusion.empty());
  EXPECT_TRUE(std::isnan(report.mcc));
}

TEST(TaskEvaluation, WithoutALabelHasNoFigures) {
  TaskEvaluation evaluation(Task{.name = "t", .classes = 2});
  evaluation.add(std::vector<float>{0.5F, 0.5F}, std::vector<float>{0}, std::vector<float>{0}, 1);
  const TaskReport report = evaluation.report();
  EXPECT_EQ(report.pictures, 0);
  EXPECT_TRUE(std::isnan(report.accuracy));
  EXPECT_TRUE(std::isnan(report.loss));
  EXPECT_TRUE(std::isnan(report.calibration_error));
}

TEST(TaskEvaluation, RefusesAnAnswerThatIsNoNumber) {
  TaskEvaluation evaluation(Task{.name = "t", .classes = 2});
  try {
    evaluation.add(std::vector<float>{NAN, 0.5F}, std::vector<float>{0}, std::vector<float>{1}, 1);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("an answer of task 't' is not a number"));
  }
}

}  // namespace
}  // namespace orthrus
