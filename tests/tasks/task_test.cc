#include "tasks/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace orthrus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Tensor labels_of(const Shape& shape, std::vector<float> values) {
  Tensor labels(shape, DType::kF32);
  std::ranges::copy(values, labels.data().begin());
  return labels;
}

TEST(ClassicTasks, AreTheClassAndWhetherItIsPositive) {
  const std::vector<Task> tasks = classic_tasks(4);
  ASSERT_EQ(tasks.size(), 2);
  EXPECT_EQ(tasks[0].name, "softmax");
  EXPECT_EQ(tasks[0].head, "fc");
  EXPECT_EQ(tasks[0].classes, 4);
  EXPECT_EQ(tasks[1].name, "softmax_multitask");
  EXPECT_EQ(tasks[1].head, "fc_multitask");
  EXPECT_EQ(tasks[1].classes, 2);
  EXPECT_EQ(tasks[1].label_input(), "softmax_multitask_label");
}

TEST(DeriveLabels, AppliesTheRuleAndWeighsFillAndMissingLabelsZero) {
  const Tensor labels = labels_of({4, 1}, {0, 3, NAN, 2});
  const std::vector<Task> tasks = classic_tasks(4);
  std::vector<float> derived(4);
  std::vector<float> weights(4);
  derive_labels(tasks[0], labels, 3, derived, weights);
  EXPECT_THAT(derived, ElementsAre(0, 3, 0, 2));
  EXPECT_THAT(weights, ElementsAre(1, 1, 0, 0));
  derive_labels(tasks[1], labels, 4, derived, weights);
  EXPECT_THAT(derived, ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(weights, ElementsAre(1, 1, 0, 1));
}

TEST(DeriveLabels, ReadsTheTasksColumn) {
  const Task task{.name = "colour", .classes = 3, .label_column = 1};
  std::vector<float> derived(2);
  std::vector<float> weights(2);
  derive_labels(task, labels_of({2, 2}, {9, 1, 9, 2}), 2, derived, weights);
  EXPECT_THAT(derived, ElementsAre(1, 2));
}

TEST(DeriveLabels, RefusesALabelThatIsNoClass) {
  std::vector<float> derived(2);
  std::vector<float> weights(2);
  try {
    derive_labels(classic_tasks(4)[0], labels_of({2, 1}, {0, 4}), 2, derived, weights);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.message(), HasSubstr("picture 2 of the batch: label 4 in column 1 is not a "
                                           "class of task 'softmax' (0 to 3)"));
  }
}

TEST(LabelProblem, NamesWhatIsWrong) {
  const Task task = classic_tasks(4)[0];
  const auto problem = [&](std::vector<float> columns) { return label_problem(task, columns); };
  EXPECT_EQ(problem({3}), "");
  EXPECT_EQ(problem({NAN}), "");
  EXPECT_THAT(problem({-1}), HasSubstr("label -1"));
  EXPECT_THAT(problem({1.5}), HasSubstr("label 1.5"));
  EXPECT_THAT(problem({INFINITY}), HasSubstr("label inf"));
  EXPECT_THAT(problem({}), HasSubstr("reads label column 1, the list has 0"));
}

TEST(ClassName, IsTheNumberWhereThereIsNoName) {
  const Task task{.name = "t", .classes = 3, .class_names = {"rose", "tulip"}};
  EXPECT_EQ(task.class_name(1), "tulip");
  EXPECT_EQ(task.class_name(2), "2");
}

}  // namespace
}  // namespace orthrus
