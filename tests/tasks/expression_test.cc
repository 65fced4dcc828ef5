#include "tasks/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace orthrus {
namespace {

using testing::HasSubstr;

double value(const std::string& text, double label) {
  return LabelExpression(text)(label);
}

TEST(LabelExpression, Computes) {
  EXPECT_EQ(value("label > 0", 0), 0);
  EXPECT_EQ(value("label > 0", 3), 1);
  EXPECT_EQ(value("label % 10", 37), 7);
  EXPECT_EQ(value("label < 3 ? 0 : label < 6 ? 1 : 2", 4), 1);
  EXPECT_EQ(value("label == 1 || label == 5", 5), 1);
  EXPECT_EQ(value("!(label >= 2 && label <= 4)", 3), 0);
  EXPECT_EQ(value("max(label, 2) - 2 * 3 ^ 0", 5), 3);
}

TEST(LabelExpression, KeepsNothingFromOneLabelToTheNext) {
  const LabelExpression expression("label * 2");
  EXPECT_EQ(expression(1), 2);
  EXPECT_EQ(expression(4), 8);
  EXPECT_EQ(expression(1), 2);
}

TEST(LabelExpression, HasNoValueWhereItIsNotFinite) {
  EXPECT_TRUE(std::isnan(value("1 / label", 0)));
  EXPECT_TRUE(std::isnan(value("label % 0", 1)));
  EXPECT_TRUE(std::isnan(value("sqrt(label)", -1)));
  EXPECT_TRUE(std::isnan(value("label", NAN)));
}

std::string refusal(const std::string& text) {
  try {
    (void)LabelExpression(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.message() + " | " + error.hint();
  }
  return "nothing thrown";
}

TEST(LabelExpression, NamesThePlaceOfWhatItCannotRead) {
  EXPECT_THAT(refusal("label > > 0"), HasSubstr("'label > > 0' at character 9: "));
  EXPECT_THAT(refusal("lable > 0"), HasSubstr("at character 1: "));
  EXPECT_THAT(refusal("lable > 0"), HasSubstr("did you mean 'label'?"));
  EXPECT_THAT(refusal("(label > 0"), HasSubstr("cannot read"));
  EXPECT_THAT(refusal("label >"), HasSubstr("cannot read"));
  EXPECT_THAT(refusal(""), HasSubstr("cannot read"));
  EXPECT_THAT(refusal("label, 1"), HasSubstr("2 values, expected one"));
}

TEST(LabelExpression, DoesNotTakeAnAssignmentForAComparison) {
  EXPECT_THAT(refusal("label = 0"), HasSubstr("== compares"));
}

}  // namespace
}  // namespace orthrus
