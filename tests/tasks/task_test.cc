#include "tasks/task.h"

#include <gtest/gtest.h>

namespace orthrus {
namespace {

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

TEST(RootTask, IsFoundThroughAllTasksBetween) {
  const std::vector<Task> tasks = {
      {.name = "c", .from = "b"}, {.name = "b", .from = "a"}, {.name = "a"}};
  EXPECT_EQ(root_task(tasks, tasks[0]).name, "a");
  EXPECT_EQ(root_task(tasks, tasks[2]).name, "a");
}

}  // namespace
}  // namespace orthrus
