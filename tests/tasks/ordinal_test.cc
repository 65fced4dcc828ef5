// Against the formulas of coral_pytorch (reference/make_references.py ordinal).
#include "tasks/ordinal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tasks/calibration.h"
#include "tasks/evaluation.h"
#include "tasks/loss.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;

const Task kSize{.name = "size", .classes = 4, .kind = TaskKind::kOrdinal};

std::vector<float> sigmoids() {
  std::vector<float> answers;
  for (const double logit : {1.0, -0.5, 0.25, 2.0, 0.5, -1.0, 0.5, 3.0, 1.5, -1.0, 0.0, 2.0}) {
    answers.push_back(static_cast<float>(1 / (1 + std::exp(-logit))));
  }
  return answers;
}

TEST(Ordinal, HasOneQuestionFewerThanClasses) {
  EXPECT_EQ(kSize.outputs(), 3);
  EXPECT_EQ(kSize.label_width(), 1);
  const Task seen = loss_task(kSize);
  EXPECT_EQ(seen.classes, 3);
  EXPECT_EQ(seen.label_width(), 3);
  const Task softmax{.name = "t", .classes = 4};
  EXPECT_EQ(loss_task(softmax), softmax);
}

TEST(Ordinal, LearnsEachQuestionFromTheLabelsThatReachIt) {
  std::vector<float> targets(12), present(12);
  loss_targets(kSize, std::vector<float>{0, 2, 3, 1}, std::vector<float>{1, 1, 1, 0}, targets,
               present);
  EXPECT_THAT(targets, ElementsAre(0, 0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0));
  EXPECT_THAT(present, ElementsAre(1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0));
}

TEST(Ordinal, HasTheLossOfCorn) {
  std::vector<float> targets(12), present(12);
  loss_targets(kSize, std::vector<float>{0, 2, 3, 1}, std::vector<float>(4, 1), targets, present);
  EXPECT_NEAR(batch_loss(loss_task(kSize), sigmoids(), targets, present), 0.550890539119366, 1e-6);
}

// Pictures of the classes 0 and 2, mixed: the first question alone is reached by both.
TEST(Ordinal, OfMixedPicturesLearnsWhatBothLabelsReach) {
  std::vector<float> targets(6), present(6), weights(6), other_targets(6), other_weights(6);
  loss_targets(kSize, std::vector<float>{0, 2}, std::vector<float>{1, 1}, targets, present);
  mix_labels(loss_task(kSize), std::vector<int>{1, 0}, std::vector<float>{0.75F, 0.75F}, 2,
             {targets, present, weights, other_targets, other_weights});
  EXPECT_THAT(present, ElementsAre(1, 0, 0, 1, 0, 0));
  EXPECT_EQ(targets[0], 0);
  EXPECT_EQ(other_targets[0], 1);
  EXPECT_EQ(targets[3], 1);
  EXPECT_EQ(other_targets[3], 0);
  // Three times, for the third of the labels that is there.
  EXPECT_THAT(weights, ElementsAre(2.25F, 0, 0, 2.25F, 0, 0));
  EXPECT_THAT(other_weights, ElementsAre(0.75F, 0, 0, 0.75F, 0, 0));
}

TEST(Ordinal, GivesProbabilitiesOfClassesAndBack) {
  const std::vector<float> answers = sigmoids();
  std::vector<float> buffer;
  const std::span<const float> classes = class_probabilities(kSize, answers, buffer);
  ASSERT_EQ(classes.size(), 16U);
  const std::vector<double> wanted = {0.2689414213699951, 0.45505423392341127, 0.12084118797016319,
                                      0.15516315673643044};
  for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(classes[k], wanted[k], 1e-6);
  EXPECT_NEAR(classes[12], 0.7310585786300049, 1e-6);
  for (size_t row = 0; row < 4; ++row) {
    const std::vector<float> back = conditional_probabilities(classes.subspan(4 * row, 4));
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(back[k], answers[3 * row + k], 1e-5);
  }
  EXPECT_THAT(conditional_probabilities(std::vector<float>{1, 0, 0, 0}),
              ElementsAre(0, 0.5F, 0.5F));
  // Other kinds are answered as they are.
  const Task softmax{.name = "t", .classes = 3};
  EXPECT_EQ(class_probabilities(softmax, answers, buffer).data(), answers.data());
}

TEST(Ordinal, IsCalibratedByItsQuestions) {
  const std::vector<float> answers = sigmoids();
  std::vector<float> buffer;
  const std::span<const float> classes = class_probabilities(kSize, answers, buffer);
  const std::vector<float> labels = {1, 1, 3, 0};
  TemperatureFit ordinal(kSize);
  ordinal.add(classes, labels, std::vector<float>(4, 1));
  std::vector<float> targets(12), present(12);
  loss_targets(kSize, labels, std::vector<float>(4, 1), targets, present);
  TemperatureFit questions(loss_task(kSize));
  questions.add(answers, targets, present);
  EXPECT_NE(questions.temperature(), 1);
  EXPECT_NEAR(ordinal.temperature(), questions.temperature(), 1e-4);

  std::vector<float> row(classes.begin(), classes.begin() + 4);
  change_temperature(kSize, 0.5, row);
  const std::vector<float> cooled = conditional_probabilities(row);
  EXPECT_NEAR(cooled[0], 1 / (1 + std::exp(-0.5)), 1e-6);
  EXPECT_NEAR(cooled[2], 1 / (1 + std::exp(-0.125)), 1e-5);
}

TEST(Ordinal, IsJudgedByDistanceToo) {
  const std::vector<int> labels = {0, 0, 1, 2, 2, 3}, answers = {0, 1, 1, 3, 2, 1};
  TaskEvaluation evaluation(kSize);
  for (size_t i = 0; i < labels.size(); ++i) {
    std::vector<float> row(4, 0.1F);
    row[static_cast<size_t>(answers[i])] = 0.7F;
    evaluation.add(row, std::vector<float>{static_cast<float>(labels[i])}, std::vector<float>{1},
                   1);
  }
  const TaskReport report = evaluation.report();
  EXPECT_DOUBLE_EQ(report.accuracy, 0.5);
  EXPECT_DOUBLE_EQ(report.mean_absolute_error, 4.0 / 6);
  EXPECT_NEAR(report.weighted_kappa, 0.5263157894736843, 1e-12);
  for (const TaskFigure& figure : task_figures()) {
    if (figure.key == "weighted_kappa") {
      EXPECT_TRUE(figure.belongs_to(kSize));
      EXPECT_FALSE(figure.belongs_to(Task{.name = "t", .classes = 4}));
    }
  }
  EXPECT_TRUE(std::isnan(TaskEvaluation(kSize).report().weighted_kappa));
}

}  // namespace
}  // namespace orthrus
