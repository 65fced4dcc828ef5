#include "tasks/cells.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/numbers.h"
#include "base/suggest.h"

namespace orthrus {
namespace {

constexpr float kNoLabel = std::numeric_limits<float>::quiet_NaN();

constexpr auto kLikelyMissing = std::to_array<std::string_view>(
    {"na",      "n/a",           "#n/a",    "<na>",    "#na",   "n.a.",     "none",
     "null",    "nil",           "-",       "--",      "---",   "?",        ".",
     "missing", "not available", "#value!", "#div/0!", "#ref!", "undefined"});

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return result;
}

bool is_likely_missing(std::string_view cell) {
  return std::ranges::find(kLikelyMissing, lower_case(cell)) != kLikelyMissing.end();
}

std::string missing_line(std::string_view cell) {
  return fmt::format("missing = [\"{}\"]", cell);
}

bool is_whole(float number) {
  return std::trunc(number) == number;
}

std::string in_quotes(std::string_view cell) {
  constexpr size_t kMost = 60;
  std::string text(cell.substr(0, kMost));
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return fmt::format("'{}{}'", text, cell.size() > kMost ? "..." : "");
}

// The cells that are there, told apart by whether they are numbers.
struct SortedCells {
  std::vector<size_t> texts;
  std::vector<std::pair<float, size_t>> numbers;
};

SortedCells sort_cells(const std::vector<std::string>& cells, const Task& task, bool only_texts) {
  SortedCells sorted;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (is_missing_cell(cells[i], task)) continue;
    const std::optional<float> number =
        only_texts ? std::nullopt : cell_number(cells[i], task.cells.decimal);
    if (number) {
      sorted.numbers.emplace_back(*number, i);
    } else {
      sorted.texts.push_back(i);
    }
  }
  return sorted;
}

// Decodes the cells of one column for a task with one right class.
class ClassCells {
 public:
  ClassCells(const std::vector<std::string>& cells, const Task& task, const ColumnFacts& column)
      : cells_(cells), task_(task), column_(column) {
    result_.labels.assign(cells.size(), kNoLabel);
  }

  CellLabels decode() {
    sorted_ = sort_cells(cells_, task_, column_.folders);
    if (!task_.class_names.empty()) {
      by_names();
    } else if (!sorted_.texts.empty() && !sorted_.numbers.empty()) {
      mixture();
    } else if (!sorted_.texts.empty()) {
      by_texts();
    } else {
      by_numbers();
    }
    return std::move(result_);
  }

 private:
  void problem(size_t cell, std::string text, std::string hint = {}) {
    result_.problems.push_back({cell, std::move(text), std::move(hint)});
  }

  void warn_of_missing(size_t cell) {
    result_.warnings.push_back(
        fmt::format("column '{}': {} is a class; if it means that there is no label, add {} to the "
                    "[[task]] table",
                    column_.name, in_quotes(cells_[cell]), missing_line(cells_[cell])));
  }

  void by_names() {
    const std::vector<std::string>& names = task_.class_names;
    std::vector<float> values;  // of the names, where all are numbers
    for (const std::string& name : names) {
      const std::optional<float> value = cell_number(name, task_.cells.decimal);
      if (value) values.push_back(*value);
    }
    const bool numeric = values.size() == names.size() && !column_.folders;
    const bool any_numeric = !values.empty();
    for (const size_t i : sorted_.texts) by_name(i);
    const bool some_texts = !sorted_.texts.empty();
    for (const auto& [number, i] : sorted_.numbers) {
      if (numeric) {
        const auto found = std::ranges::find(values, number);
        if (found != values.end()) {
          result_.labels[i] = static_cast<float>(found - values.begin());
          continue;
        }
      }
      const auto named = std::ranges::find(names, cells_[i]);
      if (named != names.end()) {
        result_.labels[i] = static_cast<float>(named - names.begin());
      } else if (any_numeric) {
        unknown(i);
      } else if (some_texts) {
        problem(i, fmt::format("{} is a number among the names of classes", in_quotes(cells_[i])));
      } else if (number >= 0 && number < static_cast<float>(names.size()) && is_whole(number)) {
        result_.labels[i] = number;
      } else {
        unknown(i);
      }
    }
  }

  void by_name(size_t i) {
    const std::vector<std::string>& names = task_.class_names;
    const auto found = std::ranges::find(names, cells_[i]);
    if (found == names.end()) return unknown(i);
    result_.labels[i] = static_cast<float>(found - names.begin());
  }

  void unknown(size_t i) {
    std::string hint;
    if (is_likely_missing(cells_[i])) {
      hint = fmt::format("if {} means that there is no label, add {} to the [[task]] table",
                         in_quotes(cells_[i]), missing_line(cells_[i]));
    } else {
      hint = did_you_mean(cells_[i], task_.class_names);
    }
    problem(i,
            fmt::format("{} is not one of the {} classes of task '{}'", in_quotes(cells_[i]),
                        task_.class_names.size(), task_.name),
            std::move(hint));
  }

  void mixture() {
    const size_t number = sorted_.numbers.front().second;
    for (const size_t i : sorted_.texts) {
      std::string hint =
          is_likely_missing(cells_[i])
              ? fmt::format("if {} means that there is no label, add {} to the [[task]] table",
                            in_quotes(cells_[i]), missing_line(cells_[i]))
              : "a column holds numbers or texts; list texts that mean no label: missing = [...]";
      if (cell_number(cells_[i], ',')) {
        hint = "if the comma is a decimal separator, add decimal = \",\" to the [[task]] table";
      }
      problem(i,
              fmt::format("{} is a text in a column of numbers (such as {})", in_quotes(cells_[i]),
                          in_quotes(cells_[number])),
              std::move(hint));
    }
  }

  // The cells name the classes.
  void by_texts() {
    std::vector<size_t> order = sorted_.texts;
    if (!column_.folders) {
      std::ranges::sort(order, {}, [&](size_t i) { return std::string_view(cells_[i]); });
    }
    if (task_.kind == TaskKind::kOrdinal) {
      return problem(order.front(),
                     fmt::format("the order of the classes of task '{}' is not known", task_.name),
                     "name them in their order: classes = [\"small\", \"medium\", ...]");
    }
    constexpr size_t kFew = 20;
    if (task_.classes == 0 && !column_.folders && order.size() > kFew &&
        2 * order.size() > column_.rows) {
      return problem(
          order.front(),
          fmt::format("column '{}' holds {} different texts in {} rows, which are hardly "
                      "classes",
                      column_.name, order.size(), column_.rows),
          "choose another column (--label-column), or declare the classes: a [[task]] "
          "table, or --num-classes");
    }
    for (const size_t i : order) {
      result_.labels[i] = static_cast<float>(result_.class_names.size());
      result_.class_names.push_back(cells_[i]);
      if (!column_.folders && is_likely_missing(cells_[i])) warn_of_missing(i);
    }
    result_.classes = static_cast<int64_t>(order.size());
  }

  void by_numbers() {
    if (sorted_.numbers.empty()) return;
    std::ranges::sort(sorted_.numbers);
    std::vector<float> values;
    for (const auto& [number, i] : sorted_.numbers) {
      if (values.empty() || values.back() != number) values.push_back(number);
    }
    const bool whole = std::ranges::all_of(values, is_whole);
    const float least = values.front(), most = values.back();
    const auto count = static_cast<int64_t>(values.size());
    if (task_.classes > 0) {
      const auto classes = static_cast<float>(task_.classes);
      if (whole && least >= 0 && most < classes) return as_they_are(0);
      if (whole && least >= 1 && most <= classes) {
        values.clear();
        for (float value = 1; value <= classes; ++value) values.push_back(value);
        return by_values(values);
      }
      if (count == task_.classes) return by_values(values);
      return out_of_range(count);
    }
    if (whole && least == 0 && most == static_cast<float>(count - 1) && count <= kMostNumbers) {
      return as_they_are(count);
    }
    if (count > kMostNumbers) return too_many(count);
    by_values(values);
  }

  void as_they_are(int64_t classes) {
    for (const auto& [number, i] : sorted_.numbers) result_.labels[i] = number;
    result_.classes = classes;
  }

  // Classes named by their numbers, in their order.
  void by_values(const std::vector<float>& values) {
    result_.class_names.assign(values.size(), {});
    for (const auto& [number, i] : sorted_.numbers) {
      const auto place = static_cast<size_t>(std::ranges::find(values, number) - values.begin());
      result_.labels[i] = static_cast<float>(place);
      std::string& name = result_.class_names[place];
      if (name.empty() || cells_[i].size() < name.size()) name = cells_[i];
    }
    for (size_t place = 0; place < values.size(); ++place) {
      std::string& name = result_.class_names[place];
      if (name.empty()) name = fmt::format("{}", values[place]);
    }
    result_.classes = static_cast<int64_t>(values.size());
  }

  void out_of_range(int64_t different) {
    for (const auto& [number, i] : sorted_.numbers) {
      if (number >= 0 && number < static_cast<float>(task_.classes) && is_whole(number)) {
        result_.labels[i] = number;
        continue;
      }
      problem(
          i,
          fmt::format("{} is not a class of task '{}' (0 to {})", in_quotes(cells_[i]), task_.name,
                      task_.classes - 1),
          fmt::format("the column holds {} different numbers; check --num-classes or the task's "
                      "classes",
                      different));
    }
  }

  void too_many(int64_t count) {
    problem(sorted_.numbers.front().second,
            fmt::format("column '{}' holds {} different numbers: no task says what they mean",
                        column_.name, count),
            fmt::format(
                "if they are classes, give their number: --num-classes {0}, or classes = {0} "
                "in a [[task]] table; a rule there can make classes of them",
                std::max<int64_t>(count, static_cast<int64_t>(sorted_.numbers.back().first) + 1)));
  }

  static constexpr int64_t kMostNumbers = 20;

  const std::vector<std::string>& cells_;
  const Task& task_;
  const ColumnFacts& column_;
  SortedCells sorted_;
  CellLabels result_;
};

}  // namespace

std::optional<float> cell_number(std::string_view cell, char decimal) {
  std::optional<float> number;
  if (decimal == ',' && cell.find(',') != cell.npos) {
    if (cell.find('.') != cell.npos) return std::nullopt;
    std::string text(cell);
    text[text.find(',')] = '.';
    number = parse_number<float>(text);
  } else {
    number = parse_number<float>(cell);
  }
  return number && std::isfinite(*number) ? number : std::nullopt;
}

bool is_missing_cell(std::string_view cell, const Task& task) {
  if (cell.empty() || lower_case(cell) == "nan") return true;
  if (std::ranges::find(task.cells.missing, cell) != task.cells.missing.end()) return true;
  if (task.missing.empty()) return false;
  const std::optional<float> number = cell_number(cell, task.cells.decimal);
  return number && std::ranges::find(task.missing, *number) != task.missing.end();
}

CellLabels class_cells(const std::vector<std::string>& cells, const Task& task,
                       const ColumnFacts& column) {
  return ClassCells(cells, task, column).decode();
}

CellLabels number_cells(const std::vector<std::string>& cells, const Task& task) {
  CellLabels result;
  result.labels.assign(cells.size(), kNoLabel);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (is_missing_cell(cells[i], task)) continue;
    const std::optional<float> number = cell_number(cells[i], task.cells.decimal);
    if (number) {
      result.labels[i] = *number;
      continue;
    }
    result.problems.push_back(
        {.cell = i,
         .text = fmt::format("{} is not a number, and the rule of task '{}' reads numbers",
                             in_quotes(cells[i]), task.name),
         .hint =
             is_likely_missing(cells[i])
                 ? fmt::format("if {} means that there is no label, add {} to the [[task]] table",
                               in_quotes(cells[i]), missing_line(cells[i]))
                 : "a task with `from` reads the classes of another task"});
  }
  return result;
}

}  // namespace orthrus
