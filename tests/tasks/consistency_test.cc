#include "tasks/consistency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RuleStep table(std::vector<std::pair<float, float>> values) {
  return {.table = std::move(values)};
}

// kind (4 classes) -> group (0 0 1 -) -> big (by way of group: 1 0)
std::vector<Task> chain() {
  const RuleStep to_group = table({{0, 0}, {1, 0}, {2, 1}});
  const RuleStep to_big = {.expression = "1 - label"};
  return {{.name = "other", .classes = 5, .label_column = 1},
          {.name = "big", .classes = 2, .rule = LabelRule::kSteps, .steps = {to_group, to_big}},
          {.name = "kind", .classes = 4},
          {.name = "group", .classes = 2, .rule = LabelRule::kSteps, .steps = {to_group}}};
}

TEST(TaskGroups, AreTasksThatFollowFromOne) {
  const std::vector<TaskGroup> groups = task_groups(chain());
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].root, 2U);
  ASSERT_EQ(groups[0].derived.size(), 2U);
  EXPECT_EQ(groups[0].derived[0].task, 1U);
  EXPECT_THAT(groups[0].derived[0].class_of, ElementsAre(1, 1, 0, -1));
  EXPECT_EQ(groups[0].derived[1].task, 3U);
  EXPECT_THAT(groups[0].derived[1].class_of, ElementsAre(0, 0, 1, -1));
}

TEST(TaskGroups, WithoutTheRootFollowFromTheFewestSteps) {
  std::vector<Task> tasks = chain();
  tasks.erase(tasks.begin() + 2);
  const std::vector<TaskGroup> groups = task_groups(tasks);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].root, 2U);
  EXPECT_THAT(groups[0].derived[0].class_of, ElementsAre(1, 0));
}

TEST(TaskGroups, HoldTheClassicTasks) {
  const std::vector<TaskGroup> groups = task_groups(classic_tasks(3));
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].root, 0U);
  EXPECT_THAT(groups[0].derived[0].class_of, ElementsAre(0, 1, 1));
}

TEST(TaskGroups, NeedTheSameColumnAndGaps) {
  std::vector<Task> tasks = classic_tasks(3);
  tasks[1].label_column = 1;
  EXPECT_THAT(task_groups(tasks), IsEmpty());
  tasks = classic_tasks(3);
  tasks[0].missing = {2};
  EXPECT_THAT(task_groups(tasks), IsEmpty());
  tasks = classic_tasks(3);
  tasks[0].kind = TaskKind::kMultilabel;
  EXPECT_THAT(task_groups(tasks), IsEmpty());
}

TEST(AnswerTogether, IsTheMostProbableAssignmentOfAll) {
  const std::vector<Task> tasks = chain();
  const TaskGroup group = task_groups(tasks).front();
  const std::vector<float> other = {1, 0, 0, 0, 0};
  const std::vector<float> big = {0.7F, 0.3F};
  const std::vector<float> group_row = {0.4F, 0.6F};
  const std::vector<float> kind = {0.45F, 0.1F, 0.25F, 0.2F};
  // By kind: 0.45 * 0.4 * 0.3 = 0.054, 0.012, 0.25 * 0.6 * 0.7 = 0.105, 0.2 * 0.6 * 0.7 = 0.084.
  std::vector<int64_t> answers = {0, 0, 0, 1};
  const std::array<std::span<const float>, 4> rows = {other, big, kind, group_row};
  answer_together(group, rows, answers);
  EXPECT_THAT(answers, ElementsAre(0, 0, 2, 1));
  // Where the rule says nothing, the others answer for themselves.
  const std::vector<float> last = {0.05F, 0.05F, 0.1F, 0.8F};
  const std::array<std::span<const float>, 4> rest = {other, big, last, group_row};
  answers = {0, 0, 3, 1};
  answer_together(group, rest, answers);
  EXPECT_THAT(answers, ElementsAre(0, 0, 3, 1));
}

TEST(ConsistencyEvaluation, CountsContradictionsAndWhatAnsweringTogetherChanges) {
  ConsistencyEvaluation evaluation(classic_tasks(3));
  const auto add = [&](std::vector<float> kind, std::vector<float> positive, float label,
                       float present) {
    const std::array<std::span<const float>, 2> rows = {kind, positive};
    const std::array<float, 2> labels = {label, label > 0 ? 1.0F : 0.0F};
    evaluation.add(rows, labels, std::array<float, 2>{present, present});
  };
  add({0.5F, 0.4F, 0.1F}, {0.1F, 0.9F}, 1, 1);  // 0 against yes: together 1, yes
  add({0.8F, 0.1F, 0.1F}, {0.6F, 0.4F}, 0, 1);  // agree
  add({0.6F, 0.3F, 0.1F}, {0.4F, 0.6F}, 0, 0);  // 0 against yes: together 0, no
  const std::vector<ConsistencyReport>& reports = evaluation.reports();
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].task, 0U);
  EXPECT_EQ(reports[0].right, 1);
  EXPECT_EQ(reports[0].right_together, 2);
  EXPECT_EQ(reports[1].pictures, 3);
  EXPECT_EQ(reports[1].contradictions, 2);
  EXPECT_EQ(reports[1].contradictions_together, 0);
  EXPECT_EQ(reports[1].labelled, 2);
  EXPECT_EQ(reports[1].right, 2);
  EXPECT_EQ(reports[1].right_together, 2);
}

}  // namespace
}  // namespace orthrus
