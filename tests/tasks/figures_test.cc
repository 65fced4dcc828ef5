// Against scikit-learn (reference/make_references.py metrics).
#include "tasks/figures.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orthrus {
namespace {

// Labels 0 0 0 1 1 2 2 2 2 3, answers 0 1 0 1 1 2 0 2 4 1.
const std::vector<ClassTally> kTallies = {
    {.labels = 3, .answers = 3, .right = 2}, {.labels = 2, .answers = 4, .right = 2},
    {.labels = 4, .answers = 2, .right = 2}, {.labels = 1, .answers = 0, .right = 0},
    {.labels = 0, .answers = 1, .right = 0}, {}};

TEST(Figures, OfClassesAreScikitLearns) {
  EXPECT_NEAR(macro_f1(kTallies), 0.4, 1e-12);
  EXPECT_NEAR(balanced_accuracy(kTallies), 0.5416666666666666, 1e-12);
  EXPECT_NEAR(matthews_correlation(kTallies), 0.5, 1e-12);
  EXPECT_NEAR(kTallies[0].f1(), 0.66666667, 1e-8);
  EXPECT_NEAR(kTallies[2].precision(), 1, 1e-12);
  EXPECT_NEAR(kTallies[2].recall(), 0.5, 1e-12);
}

TEST(Figures, AreNotDefinedWhereNothingWasCounted) {
  const std::vector<ClassTally> none(3);
  EXPECT_TRUE(std::isnan(macro_f1(none)));
  EXPECT_TRUE(std::isnan(balanced_accuracy(none)));
  EXPECT_TRUE(std::isnan(matthews_correlation(none)));
  EXPECT_TRUE(std::isnan(none[0].precision()));
}

TEST(Figures, CorrelationIsZeroWhenTheAnswerIsAlwaysTheSame) {
  const std::vector<ClassTally> same = {{.labels = 3, .answers = 5, .right = 3},
                                        {.labels = 2, .answers = 0, .right = 0}};
  EXPECT_EQ(matthews_correlation(same), 0);
}

TEST(Figures, OfScoresAreScikitLearnsWithEqualScoresToo) {
  std::vector<ScoredLabel> scored = {{0.9F, true},  {0.8F, false},  {0.75F, true}, {0.5F, true},
                                     {0.5F, false}, {0.25F, false}, {0.25F, true}, {0.125F, false}};
  EXPECT_NEAR(average_precision(scored), 0.7095238095238094, 1e-12);
  EXPECT_NEAR(roc_auc(scored), 0.6875, 1e-12);
}

TEST(Figures, OfScoresNeedBothAnswers) {
  std::vector<ScoredLabel> no = {{0.9F, false}, {0.8F, false}};
  std::vector<ScoredLabel> yes = {{0.9F, true}};
  EXPECT_TRUE(std::isnan(average_precision(no)));
  EXPECT_TRUE(std::isnan(roc_auc(no)));
  EXPECT_TRUE(std::isnan(roc_auc(yes)));
  EXPECT_EQ(average_precision(yes), 1);
}

TEST(CalibrationError, IsTheFormulaOfGuoEtAl) {
  CalibrationError error;
  EXPECT_TRUE(std::isnan(error.value()));
  const std::vector<std::pair<double, bool>> answers = {{0.95, true},  {0.95, true},  {0.75, true},
                                                        {0.75, false}, {0.55, false}, {0.35, true},
                                                        {1, true}};
  for (const auto& [confidence, right] : answers) error.add(confidence, right);
  EXPECT_NEAR(error.value(), 0.2571428571428571, 1e-12);
}

}  // namespace
}  // namespace orthrus
