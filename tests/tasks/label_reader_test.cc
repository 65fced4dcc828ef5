#include "tasks/label_reader.h"

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

// Labels and presence of a batch.
struct Read {
  Read(const Task& task, const Tensor& columns, int count)
      : labels(static_cast<size_t>(columns.shape()[0] * task.label_width())),
        present(labels.size()) {
    LabelReader(task).read_batch(columns, count, labels, present);
  }
  std::vector<float> labels;
  std::vector<float> present;
};

TEST(LabelReader, AppliesTheRuleAndLeavesOutFillAndMissingLabels) {
  const Tensor columns = labels_of({4, 1}, {0, 3, NAN, 2});
  const std::vector<Task> tasks = classic_tasks(4);
  const Read first(tasks[0], columns, 3);
  EXPECT_THAT(first.labels, ElementsAre(0, 3, 0, 2));
  EXPECT_THAT(first.present, ElementsAre(1, 1, 0, 0));
  const Read second(tasks[1], columns, 4);
  EXPECT_THAT(second.labels, ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(second.present, ElementsAre(1, 1, 0, 1));
}

TEST(LabelReader, ReadsTheTasksColumn) {
  const Task task{.name = "colour", .classes = 3, .label_column = 1};
  EXPECT_THAT(Read(task, labels_of({2, 2}, {9, 1, 9, 2}), 2).labels, ElementsAre(1, 2));
}

TEST(LabelReader, TakesValuesForMissingOnlyWhereTheTaskSaysSo) {
  Task task{.name = "t", .classes = 3, .missing = {-1, 255}};
  EXPECT_THAT(Read(task, labels_of({4, 1}, {-1, 2, 255, 0}), 4).present, ElementsAre(0, 1, 0, 1));
  task.missing.clear();
  EXPECT_THAT(LabelReader(task).problem(std::vector<float>{-1}), HasSubstr("label -1"));
}

TEST(LabelReader, AppliesStepAfterStepAndLosesWhatAStepDoesNotAnswer) {
  const Task task{.name = "t",
                  .classes = 2,
                  .rule = LabelRule::kSteps,
                  .steps = {{.expression = "label % 3"}, {.table = {{2, 0}, {1, 1}}}}};
  const Read read(task, labels_of({5, 1}, {0, 1, 2, 4, 5}), 5);
  EXPECT_THAT(read.labels, ElementsAre(0, 1, 0, 1, 0));
  EXPECT_THAT(read.present, ElementsAre(0, 1, 1, 1, 1));
}

TEST(LabelReader, ReadsEachColumnOfAMultilabelTask) {
  Task task{.name = "t", .classes = 2, .label_column = 1, .kind = TaskKind::kMultilabel};
  const Tensor columns = labels_of({2, 3}, {7, 1, NAN, 7, 0, 1});
  const Read in_a_row(task, columns, 2);
  EXPECT_THAT(in_a_row.labels, ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(in_a_row.present, ElementsAre(1, 0, 1, 1));
  task.label_columns = {2, 1};
  EXPECT_THAT(Read(task, columns, 1).labels, ElementsAre(0, 1, 1, 0));
  EXPECT_THAT(LabelReader(task).problem(std::vector<float>{0, 0, 2}),
              HasSubstr("label 2 in column 3 of task 't' is neither 0 nor 1"));
}

TEST(LabelReader, RefusesALabelThatIsNoClass) {
  try {
    const Read read(classic_tasks(4)[0], labels_of({2, 1}, {0, 4}), 2);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.message(), HasSubstr("picture 2 of the batch: label 4 in column 1 is not a "
                                           "class of task 'softmax' (0 to 3)"));
  }
}

TEST(LabelReader, NamesWhatIsWrong) {
  const LabelReader reader(classic_tasks(4)[0]);
  const auto problem = [&](std::vector<float> columns) { return reader.problem(columns); };
  EXPECT_EQ(problem({3}), "");
  EXPECT_EQ(problem({NAN}), "");
  EXPECT_THAT(problem({-1}), HasSubstr("label -1"));
  EXPECT_THAT(problem({1.5}), HasSubstr("label 1.5"));
  EXPECT_THAT(problem({INFINITY}), HasSubstr("label inf"));
  EXPECT_THAT(problem({}), HasSubstr("reads label column 1, the list has 0"));
}

}  // namespace
}  // namespace orthrus
