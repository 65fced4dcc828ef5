// The cells of tasks with one right class (tasks/cells.h).
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/suggest.h"
#include "tasks/cells.h"

namespace orthrus {
namespace {

struct NumberCell {
  double number = 0;
  size_t cell = 0;
  auto operator<=>(const NumberCell&) const = default;
};

// The cells that are there, told apart by whether they are numbers.
struct SortedCells {
  std::vector<size_t> texts;
  std::vector<NumberCell> numbers;
};

SortedCells sort_cells(const std::vector<std::string>& cells, const Task& task, bool only_texts) {
  SortedCells sorted;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (is_missing_cell(cells[i], task)) continue;
    const std::optional<double> number =
        only_texts ? std::nullopt : cell_number(cells[i], task.cells.decimal);
    if (number) {
      sorted.numbers.push_back({*number, i});
    } else {
      sorted.texts.push_back(i);
    }
  }
  return sorted;
}

bool is_whole(double number) {
  return std::trunc(number) == number;
}

// The numbers of names that all are different numbers; empty for others.
std::vector<double> numbers_of(const std::vector<std::string>& names, char decimal) {
  std::vector<double> numbers;
  for (const std::string& name : names) {
    const std::optional<double> number = cell_number(name, decimal);
    if (!number || std::ranges::find(numbers, *number) != numbers.end()) return {};
    numbers.push_back(*number);
  }
  return numbers;
}

class ClassCells {
 public:
  ClassCells(const std::vector<std::string>& cells, const Task& task, const ColumnFacts& column)
      : cells_(cells), task_(task), column_(column) {
    result_.labels.assign(cells.size(), std::numeric_limits<float>::quiet_NaN());
  }

  CellLabels decode() {
    sorted_ = sort_cells(cells_, task_, column_.folders);
    const bool mixed = !sorted_.texts.empty() && !sorted_.numbers.empty();
    if (!task_.class_names.empty()) {
      by_names();
    } else if (column_.settled && !sorted_.texts.empty()) {
      unnamed();
    } else if (mixed) {
      mixture();
    } else if (!sorted_.texts.empty()) {
      by_texts();
    } else if (!sorted_.numbers.empty()) {
      by_numbers();
    }
    return std::move(result_);
  }

 private:
  void problem(size_t cell, std::string text, std::string hint = {}) {
    result_.problems.push_back({cell, std::move(text), std::move(hint)});
  }
  void warn(const std::string& text) {
    result_.warnings.push_back(fmt::format("column '{}': {}", column_.name, text));
  }

  // By text first: names such as 007 and 7 are different. Then by value (1 and 1.0), where all
  // names are numbers; otherwise a number may be that of the class, unless the model knows better.
  void by_names() {
    const std::vector<std::string>& names = task_.class_names;
    std::vector<NumberCell> others;
    for (const size_t i : sorted_.texts) {
      if (!take_name(i)) unknown(i);
    }
    for (const NumberCell& cell : sorted_.numbers) {
      if (!take_name(cell.cell)) others.push_back(cell);
    }
    const bool matched = !sorted_.texts.empty() || others.size() < sorted_.numbers.size();
    result_.named = matched;
    const std::vector<double> values = numbers_of(names, task_.cells.decimal);
    for (const auto& [number, i] : others) {
      const auto found = std::ranges::find(values, number);
      if (found != values.end() && !column_.folders) {
        result_.named = true;
        result_.labels[i] = static_cast<float>(found - values.begin());
      } else if (matched || !values.empty()) {
        unknown(i);
      } else if (column_.settled && task_.named_cells) {
        problem(i,
                fmt::format("{} is a number, but the classes of task '{}' are known by name",
                            in_quotes(cells_[i]), task_.name),
                "write the names of the classes into the column");
      } else if (number >= 0 && number < static_cast<double>(names.size()) && is_whole(number)) {
        result_.labels[i] = static_cast<float>(number);
      } else {
        unknown(i);
      }
    }
  }

  bool take_name(size_t i) {
    const auto found = std::ranges::find(task_.class_names, cells_[i]);
    if (found == task_.class_names.end()) return false;
    result_.labels[i] = static_cast<float>(found - task_.class_names.begin());
    return true;
  }

  void unknown(size_t i) {
    problem(i,
            fmt::format("{} is not one of the {} classes of task '{}'", in_quotes(cells_[i]),
                        task_.class_names.size(), task_.name),
            is_likely_missing(cells_[i]) ? missing_hint(cells_[i])
            : cells_[i].size() > 2       ? did_you_mean(cells_[i], task_.class_names)
                                         : std::string());
  }

  void unnamed() {
    for (const size_t i : sorted_.texts) {
      problem(i,
              fmt::format("{} is a text, but the {} classes of task '{}' have no names",
                          in_quotes(cells_[i]), task_.classes, task_.name),
              "name them in the order of their numbers: --classes FILE with a name on each line");
    }
  }

  void mixture() {
    const size_t number = sorted_.numbers.front().cell;
    for (const size_t i : sorted_.texts) {
      std::string hint =
          is_likely_missing(cells_[i])
              ? missing_hint(cells_[i])
              : "a column holds numbers or texts; list texts that mean no label: missing = [...]";
      if (cell_number(cells_[i], ',')) hint = kDecimalHint;
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
    const bool comma_numbers = std::ranges::all_of(
        order, [&](size_t i) { return cell_number(cells_[i], ',').has_value(); });
    if (comma_numbers && !column_.folders) {
      return problem(
          order.front(),
          fmt::format("{} is a number with a decimal comma", in_quotes(cells_[order[0]])),
          kDecimalHint);
    }
    constexpr size_t kFew = 20;
    if (task_.classes == 0 && !column_.folders && order.size() > kFew &&
        2 * order.size() > column_.rows) {
      return problem(order.front(),
                     fmt::format("it holds {} different texts in {} rows, which are hardly classes",
                                 order.size(), column_.rows),
                     "choose another column (--label-column), or declare the classes: a [[task]] "
                     "table, or --num-classes");
    }
    for (const size_t i : order) {
      result_.labels[i] = static_cast<float>(result_.class_names.size());
      result_.class_names.push_back(cells_[i]);
      if (!column_.folders && is_likely_missing(cells_[i])) {
        warn(fmt::format("{} is a class; {}", in_quotes(cells_[i]), missing_hint(cells_[i])));
      }
    }
    result_.classes = static_cast<int64_t>(order.size());
    result_.named = true;
    if (!column_.folders) warn_of_several_in_a_cell();
  }

  // "red|small" beside "red".
  void warn_of_several_in_a_cell() {
    const std::vector<std::string>& names = result_.class_names;
    const auto is_class = [&](const std::string& name) {
      return std::ranges::find(names, name) != names.end();
    };
    for (const char separator : {'|', ';', ','}) {
      for (const std::string& name : names) {
        const size_t at = name.find(separator);
        if (at == name.npos) continue;
        const size_t rest = name.find_first_not_of(' ', at + 1);
        if (!is_class(name.substr(0, at)) && (rest == name.npos || !is_class(name.substr(rest)))) {
          continue;
        }
        return warn(
            fmt::format("{} is one class; if a cell names several, declare a task with kind "
                        "= \"multilabel\" and separator = \"{}\" (--tasks FILE)",
                        in_quotes(name), separator));
      }
    }
  }

  void by_numbers() {
    std::ranges::sort(sorted_.numbers);
    std::vector<double> values;
    for (const NumberCell& cell : sorted_.numbers) {
      if (values.empty() || values.back() != cell.number) values.push_back(cell.number);
    }
    const bool whole = std::ranges::all_of(values, is_whole);
    const double least = values.front(), most = values.back();
    const auto count = static_cast<int64_t>(values.size());
    if (task_.classes > 0) return by_declared_number(values, whole);
    if (whole && least == 0 && most == static_cast<double>(count - 1) && count <= kMostNumbers) {
      return as_they_are(count);
    }
    if (count > kMostNumbers) return too_many(count);
    by_values(values);
    if (whole && least == -1 && most <= 1) {
      warn(
          "-1 is a class; if it means uncertain, declare a task with kind = \"multilabel\" and "
          "uncertain = ..., if it means no label, one with missing = [-1] (--tasks FILE)");
    }
  }

  // How many classes there are is known, and not what they are called. The training data decide
  // whether they are numbered from 0; other data have to follow.
  void by_declared_number(std::vector<double>& values, bool whole) {
    const auto classes = static_cast<double>(task_.classes);
    const double least = values.front(), most = values.back();
    const auto count = static_cast<int64_t>(values.size());
    const bool fits = whole && least >= 0 && most < classes;
    if (column_.settled) return fits ? as_they_are(0) : out_of_range(count);
    if (fits && least == 1) {
      return problem(
          sorted_.numbers.front().cell,
          fmt::format("{} of the {} classes of task '{}' occur, {} to {}: they could be numbered "
                      "from 0 or from 1",
                      count, task_.classes, task_.name, least, most),
          fmt::format("name the classes in the [[task]] table: classes = [\"0\", ...] or "
                      "[\"1\", ..., \"{}\"]",
                      task_.classes));
    }
    if (fits) return as_they_are(0);
    if (whole && least >= 1 && most <= classes) {
      values.clear();
      for (double value = 1; value <= classes; ++value) values.push_back(value);
      return by_values(values);
    }
    if (count == task_.classes) return by_values(values);
    out_of_range(count);
  }

  void as_they_are(int64_t classes) {
    for (const auto& [number, i] : sorted_.numbers) result_.labels[i] = static_cast<float>(number);
    result_.classes = classes;
  }

  // Classes named by their numbers, in their order.
  void by_values(const std::vector<double>& values) {
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
    result_.named = true;
  }

  void out_of_range(int64_t different) {
    for (const auto& [number, i] : sorted_.numbers) {
      if (number >= 0 && number < static_cast<double>(task_.classes) && is_whole(number)) {
        result_.labels[i] = static_cast<float>(number);
        continue;
      }
      problem(i,
              fmt::format("{} is not a class of task '{}' (0 to {})", in_quotes(cells_[i]),
                          task_.name, task_.classes - 1),
              fmt::format("the column holds {} different numbers; check --num-classes or the "
                          "task's classes",
                          different));
    }
  }

  void too_many(int64_t count) {
    const auto classes = std::max(count, static_cast<int64_t>(sorted_.numbers.back().number) + 1);
    problem(sorted_.numbers.front().cell,
            fmt::format("it holds {} different numbers, and no task says what they mean", count),
            fmt::format("if they are classes, give their number: --num-classes {0}, or classes = "
                        "{0} in a [[task]] table; a rule there can make classes of them",
                        classes));
  }

  static constexpr int64_t kMostNumbers = 20;
  static constexpr const char* kDecimalHint =
      "say that the comma is the decimal separator: --decimal ',', or decimal = \",\" in the "
      "[[task]] table";

  const std::vector<std::string>& cells_;
  const Task& task_;
  const ColumnFacts& column_;
  SortedCells sorted_;
  CellLabels result_;
};

}  // namespace

CellLabels class_cells(const std::vector<std::string>& cells, const Task& task,
                       const ColumnFacts& column) {
  return ClassCells(cells, task, column).decode();
}

}  // namespace orthrus
