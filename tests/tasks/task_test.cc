#include "tasks/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace orthrus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

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

TEST(ClassName, IsTheNumberWhereThereIsNoName) {
  const Task task{.name = "t", .classes = 3, .class_names = {"rose", "tulip"}};
  EXPECT_EQ(task.class_name(1), "tulip");
  EXPECT_EQ(task.class_name(2), "2");
}

TEST(BindColumns, TurnsNamesIntoNumbers) {
  std::vector<Task> tasks = {
      {.name = "a", .classes = 3, .column_names = {"colour"}},
      {.name = "b", .classes = 2, .kind = TaskKind::kMultilabel, .column_names = {"x", "colour"}},
      {.name = "c", .classes = 2, .label_column = 7}};
  const std::vector<std::string> names = {"shape", "colour", "x"};
  bind_columns(tasks, names);
  EXPECT_EQ(tasks[0].label_column, 1);
  EXPECT_THAT(tasks[1].label_columns, ElementsAre(2, 1));
  EXPECT_EQ(tasks[2].label_column, 7);
}

TEST(BindColumns, RefusesAColumnThatIsNotThere) {
  std::vector<Task> tasks = {{.name = "a", .classes = 3, .column_names = {"color"}}};
  const auto refusal = [&](std::vector<std::string> names) {
    try {
      bind_columns(tasks, names);
    } catch (const Error& error) {
      return error.message() + " | " + error.hint();
    }
    return std::string("nothing thrown");
  };
  EXPECT_EQ(refusal({"shape", "colour"}),
            "task 'a' reads the column 'color', which the list does not have | did you mean "
            "'colour'?");
  EXPECT_THAT(refusal({}), HasSubstr("columns have no names | write the column's number"));
}

}  // namespace
}  // namespace orthrus
