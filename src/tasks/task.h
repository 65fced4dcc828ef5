// Task: one question that the network answers about a picture, with its head (the last layer), its
// loss and the rule that makes its label from the list's columns. A plain value; tasks/task_file.h
// makes it from a [[task]] table, tasks/label_reader.h reads its labels, tasks/heads.h makes the
// graph nodes that belong to it, tasks/metrics.h its figures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orthrus {

enum class TaskKind {
  kSoftmax,     // one class is right
  kMultilabel,  // each class is a question of its own (sigmoid), with a column of its own
  kOrdinal,     // one class is right, and the classes stand in an order (tasks/ordinal.h)
};

enum class LabelRule {
  kIdentity,  // the column's value is the class
  kPositive,  // 1 where the column's value is over zero, else 0
  kSteps,     // what Task::steps makes of the value, one after the other
};

// One step of a rule, from a value to a value; it gives a missing label where it has no answer.
struct RuleStep {
  std::string expression = {};  // of `label` (tasks/expression.h); empty: the table
  std::vector<std::pair<float, float>> table = {};  // values and what they become
  bool operator==(const RuleStep&) const = default;
};

// What an empty cell, or an uncertain one (-1, "uncertain"), says about a class of a multilabel
// task.
enum class CellMeaning { kUnset, kMissing, kPositive, kNegative };

// How the texts of a table's cells become labels (tasks/cells.h).
struct CellRule {
  std::vector<std::string> missing = {};  // texts that mean: no label
  char decimal = '.';                     // of numbers
  std::string separator = {};  // between the classes that a cell of a multilabel task names
  CellMeaning blank = CellMeaning::kUnset;      // missing, unless negative
  CellMeaning uncertain = CellMeaning::kUnset;  // an error, unless one of the others
  std::vector<std::string> positive = {},
                           negative = {};  // words besides 1 and 0; empty: usual ones
  bool operator==(const CellRule&) const = default;
};

struct Task {
  std::string name = {};  // of its loss layer and thus of its output: "softmax"
  std::string head = {};  // of its fully connected layer: "fc"
  int64_t classes = 0;    // 0: those that the data name, until these are read
  int label_column = 0;   // of the list, from 0; the first one of a multilabel task
  LabelRule rule = LabelRule::kIdentity;
  std::vector<std::string> class_names = {};  // empty, or one for each class
  TaskKind kind = TaskKind::kSoftmax;
  // Columns of a multilabel task, one for each class; empty: `classes` of them from label_column
  // on.
  std::vector<int> label_columns = {};
  // Names of the columns, where the list names them: they are found by these in any other list.
  std::vector<std::string> column_names = {};
  std::string from = {};  // the task whose class the steps begin with; empty: the column's value
  std::vector<RuleStep> steps = {};  // of LabelRule::kSteps
  std::vector<float> missing = {};   // values of the column that mean: no label (NaN always does)
  CellRule cells = {};
  bool named_cells = false;  // the training data named the classes: a number is no class

  // Of the list that is open, as model/label_binding.h leaves it; not stored. Its columns with the
  // labels of this task, decoded; empty: those above, as they are.
  std::vector<int> positions = {};
  bool by_place = false;  // its column was declared by number

  double temperature = 1;  // of the answers (tasks/calibration.h); 1: as trained

  // What follows matters to training alone.
  double weight = 1;                       // of the task's loss
  bool weight_by_labels = false;           // it comes from the training list's counts
  std::vector<double> class_weights = {};  // of the labels' classes (multilabel: of a 1); empty: 1
  bool balanced = false;                   // class_weights come from the training list's counts
  double label_smoothing = 0;              // share of the target that is spread over all classes
  double focal_gamma = 0;                  // of the focal loss; 0: cross-entropy
  std::vector<int64_t> hidden = {};        // sizes of the head's layers before the last one
  double dropout = 0;  // in front of the last layer, and between the hidden ones

  // Size of the head's last layer.
  [[nodiscard]] int64_t outputs() const {
    return kind == TaskKind::kOrdinal ? classes - 1 : classes;
  }
  // Labels of a picture: 1, or one for each class of a multilabel task.
  [[nodiscard]] int64_t label_width() const { return kind == TaskKind::kMultilabel ? classes : 1; }
  // Name of a class for people: its class name, else its number.
  [[nodiscard]] std::string class_name(int64_t index) const;
  [[nodiscard]] std::string label_input() const { return name + "_label"; }
  [[nodiscard]] std::string weight_input() const { return name + "_sample_weight"; }
  bool operator==(const Task&) const = default;
};

// "softmax", "multilabel", "ordinal"; and back, nothing for another text.
[[nodiscard]] std::string_view kind_name(TaskKind kind);
[[nodiscard]] std::optional<TaskKind> kind_named(std::string_view name);

// The tasks of the multi-task-MXNet script: `softmax` (head `fc`) with `num_classes` classes from
// the first label column, and `softmax_multitask` (head `fc_multitask`): whether that label is over
// 0.
[[nodiscard]] std::vector<Task> classic_tasks(int64_t num_classes);

// Whether the label is the class itself, of which one is right.
[[nodiscard]] bool is_single_identity(const Task& task);

// Whether the task's classes have names, and all of them are numbers.
[[nodiscard]] bool names_are_numbers(const Task& task);

// Gives the tasks the positions and columns of the same tasks of another model, by their order.
void take_positions(const std::vector<Task>& from, std::vector<Task>& to);

// The task that the class of `task` is derived from by way of Task::from, or itself.
[[nodiscard]] const Task& root_task(const std::vector<Task>& tasks, const Task& task);

}  // namespace orthrus
