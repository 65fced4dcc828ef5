// From the texts of a table's column to labels, as a task asks for them. Pure functions of the
// distinct texts: what a cell means does not depend on its row.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasks/task.h"

namespace orthrus {

// The number of a cell, also of a fraction such as 1/3; nothing for another text, for infinity and
// NaN. In double precision: numbers that differ in float32's last digits are different classes.
[[nodiscard]] std::optional<double> cell_number(std::string_view cell, char decimal);

// Empty, nan (in any case), one of CellRule::missing, or one of the numbers in Task::missing.
[[nodiscard]] bool is_missing_cell(std::string_view cell, const Task& task);

// NA, None, -, ? and the like, in any case; and what to do where one of them is a class.
[[nodiscard]] bool is_likely_missing(std::string_view cell);
[[nodiscard]] std::string missing_hint(std::string_view cell);

// For messages: in quotes, shortened, without control characters.
[[nodiscard]] std::string in_quotes(std::string_view cell);

// A cell that no label can be made of.
struct CellProblem {
  size_t cell = 0;
  std::string text;  // "'cow' is not one of the 3 classes"
  std::string hint = {};
};

struct CellLabels {
  // Of each cell, `width` values: labels, NaN where missing.
  std::vector<float> labels;
  size_t width = 1;
  std::vector<std::string> class_names = {};  // empty: labels are numbers from 0 on
  int64_t classes = 0;                        // 0: as the task says
  bool named = false;                         // the cells are the classes' names, not their numbers
  std::vector<CellProblem> problems = {};
  std::vector<std::string> warnings = {};  // "the column has 'NA' ..."
};

// What the reader of a column knows about it, for messages and for what is likely no label.
struct ColumnFacts {
  std::string name;
  size_t rows = 0;
  bool folders = false;  // names of class folders: never numbers
  // Other data said what the classes are: these have to follow, and decide nothing.
  bool settled = false;
};

// The class of each cell, for a task with one right class. Task::class_names are matched by text,
// or where all of them are numbers by value; otherwise a number from 0 to Task::classes - 1 is the
// class itself. Without names the cells name the classes: texts in the order of their bytes,
// numbers that are not 0, 1, 2, ... in their own order. Problems: texts among numbers, other texts
// than the names, over 20 different numbers or mostly different texts where the task does not say
// how many classes there are.
[[nodiscard]] CellLabels class_cells(const std::vector<std::string>& cells, const Task& task,
                                     const ColumnFacts& column);

// The number of each cell, for a task with a rule on them.
[[nodiscard]] CellLabels number_cells(const std::vector<std::string>& cells, const Task& task);

// 0 or 1, for one column of a multilabel task.
[[nodiscard]] CellLabels binary_cells(const std::vector<std::string>& cells, const Task& task);

// 0 or 1 for each class (width), for a multilabel task whose cells name classes between
// CellRule::separator.
[[nodiscard]] CellLabels tag_cells(const std::vector<std::string>& cells, const Task& task);

}  // namespace orthrus
