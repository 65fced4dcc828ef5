// Consistency: where the label of one task follows from that of another by their rules, the
// answers of their heads may still contradict each other. This finds such tasks, answers them
// together, and counts contradictions. It looks at the rules alone: tasks are related when they
// read the same column in the same way, but for further steps of one of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/task.h"

namespace orthrus {

// A task whose label follows from that of its group's root.
struct DerivedTask {
  size_t task = 0;
  std::vector<int64_t> class_of;  // by the root's class; -1 where the rule has no answer
};

// A task, and those derived from it, directly or by way of each other.
struct TaskGroup {
  size_t root = 0;
  std::vector<DerivedTask> derived;  // in the order of the tasks
};

// The groups of at least two tasks.
[[nodiscard]] std::vector<TaskGroup> task_groups(const std::vector<Task>& tasks);

// The most probable consistent answers to one picture, if the heads' answers are taken for
// independent: with p_t the probabilities of task t and f_t the rule,
//   argmax over the root's classes a of  p_root(a) times the product over t of p_t(f_t(a)),
// where a task that f_t says nothing about has its own most probable class. `rows` has the
// probabilities of every task, `answers` the class that each would answer alone; those of the
// group are overwritten.
void answer_together(const TaskGroup& group, std::span<const std::span<const float>> rows,
                     std::span<int64_t> answers);

// Of one task of a group over a list.
struct ConsistencyReport {
  size_t task = 0;
  size_t root = 0;  // the task itself in the root's own report
  int64_t pictures = 0;
  // Pictures whose answer contradicts that of the root, and where the tasks are answered together.
  int64_t contradictions = 0, contradictions_together = 0;
  int64_t labelled = 0, right = 0, right_together = 0;
};

class ConsistencyEvaluation {
 public:
  explicit ConsistencyEvaluation(const std::vector<Task>& tasks);

  // One picture: the probabilities, label and presence of a label (0 or 1) of every task; those of
  // multilabel tasks are not looked at.
  void add(std::span<const std::span<const float>> rows, std::span<const float> labels,
           std::span<const float> present);

  // For each group the root, then the derived tasks; empty when no tasks are related.
  [[nodiscard]] const std::vector<ConsistencyReport>& reports() const { return reports_; }

 private:
  std::vector<TaskGroup> groups_;
  std::vector<ConsistencyReport> reports_;
  std::vector<int64_t> alone_, together_;  // answers to the picture, of every task
};

}  // namespace orthrus
