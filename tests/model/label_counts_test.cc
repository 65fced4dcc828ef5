#include "model/label_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::refusal_of;

ImageList list_of(const std::vector<std::vector<float>>& rows) {
  ImageList list;
  list.origin = "some.lst";
  for (const std::vector<float>& labels : rows) list.entries.push_back({.labels = labels});
  list.label_columns = static_cast<int>(rows.front().size());
  return list;
}

TEST(CountLabels, CountsClassesAndMissingLabels) {
  const Task task{.name = "t", .classes = 3, .missing = {-1}};
  const LabelCounts counts = count_labels(list_of({{0}, {2}, {-1}, {2}, {NAN}}), {task}).front();
  EXPECT_THAT(counts.per_class, ElementsAre(1, 0, 2));
  EXPECT_EQ(counts.present, 3);
  EXPECT_EQ(counts.missing, 2);
}

TEST(CountLabels, CountsYesAndNoOfEachClassOfAMultilabelTask) {
  const Task task{.name = "t", .classes = 2, .kind = TaskKind::kMultilabel};
  const LabelCounts counts = count_labels(list_of({{0, 1}, {1, 1}, {NAN, 1}}), {task}).front();
  EXPECT_THAT(counts.per_class, ElementsAre(1, 3));
  EXPECT_THAT(counts.zeros, ElementsAre(1, 0));
  EXPECT_EQ(counts.present, 5);
  EXPECT_EQ(counts.missing, 1);
}

TEST(WeighByCounts, GivesTheWeightsOfScikitLearn) {
  std::vector<Task> tasks = {{.name = "a", .classes = 4, .balanced = true},
                             {.name = "b", .classes = 4},
                             {.name = "c",
                              .classes = 1,
                              .label_column = 1,
                              .kind = TaskKind::kMultilabel,
                              .balanced = true}};
  const ImageList list = list_of({{0, 0}, {0, 0}, {0, 1}, {1, 0}, {3, 0}, {3, NAN}});
  weigh_by_counts(tasks, count_labels(list, tasks));
  // compute_class_weight("balanced", classes=[0, 1, 3], y=[0, 0, 0, 1, 3, 3])
  EXPECT_THAT(tasks[0].class_weights, ElementsAre(::testing::DoubleEq(6.0 / 9), 2, 1, 1));
  EXPECT_TRUE(tasks[1].class_weights.empty());
  EXPECT_THAT(tasks[2].class_weights, ElementsAre(4));
}

TEST(WeighByCounts, GivesAMultilabelClassThatIsAlwaysTheSameAFiniteWeight) {
  std::vector<Task> tasks = {
      {.name = "t", .classes = 3, .kind = TaskKind::kMultilabel, .balanced = true}};
  const ImageList list = list_of({{1, 0, 0}, {1, 0, 0}, {1, 0, 1}});
  weigh_by_counts(tasks, count_labels(list, tasks));
  EXPECT_THAT(tasks[0].class_weights, ElementsAre(1, 1, 2));
}

TEST(WeighByCounts, GivesATaskTheShareOfItsLabels) {
  std::vector<Task> tasks = {
      {.name = "a", .classes = 2, .weight = 3},
      {.name = "b", .classes = 2, .label_column = 1, .weight_by_labels = true}};
  const ImageList list = list_of({{0, 0}, {0, NAN}, {0, NAN}, {1, NAN}});
  weigh_by_counts(tasks, count_labels(list, tasks));
  EXPECT_EQ(tasks[0].weight, 3);
  EXPECT_EQ(tasks[1].weight, 0.25);
}

TEST(CheckLabelled, RefusesATaskWithoutAnyLabel) {
  const std::vector<Task> tasks = classic_tasks(2);
  const auto check = [&](const ImageList& list) {
    return refusal_of([&] { check_labelled(list, tasks, count_labels(list, tasks)); });
  };
  EXPECT_THAT(check(list_of({{NAN}, {NAN}})),
              HasSubstr("'some.lst' has no label for the task 'softmax': all 2 are missing"));
  EXPECT_EQ(check(list_of({{NAN}, {1}})), "nothing thrown");
}

TEST(UnseenClasses, AreThoseThatValidationLacks) {
  const Task task{.name = "t", .classes = 4, .class_names = {"a", "b", "c", "d"}};
  const std::vector<LabelCounts> training = count_labels(list_of({{0}, {1}, {2}}), {task});
  const std::vector<std::string> lines = unseen_classes(training, list_of({{1}}), {task});
  EXPECT_THAT(lines, ElementsAre("'some.lst' has no picture of these classes of task 't': a, c"));
}

}  // namespace
}  // namespace orthrus
