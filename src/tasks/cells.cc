#include "tasks/cells.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/numbers.h"
#include "base/text.h"

namespace orthrus {
namespace {

constexpr auto kLikelyMissing = std::to_array<std::string_view>(
    {"na",      "n/a",           "#n/a",    "<na>",    "#na",   "n.a.",     "none",
     "null",    "nil",           "-",       "--",      "---",   "?",        ".",
     "missing", "not available", "#value!", "#div/0!", "#ref!", "undefined"});

// "1/3".
std::optional<double> fraction(std::string_view cell) {
  const size_t slash = cell.find('/');
  if (slash == cell.npos) return std::nullopt;
  const std::optional<int> over = parse_number<int>(cell.substr(0, slash));
  const std::optional<int> under = parse_number<int>(cell.substr(slash + 1));
  if (!over || !under || *under == 0) return std::nullopt;
  return static_cast<double>(*over) / *under;
}

}  // namespace

std::optional<double> cell_number(std::string_view cell, char decimal) {
  std::optional<double> number;
  if (decimal == ',' && cell.find(',') != cell.npos) {
    if (cell.find('.') != cell.npos) return std::nullopt;
    std::string text(cell);
    text[text.find(',')] = '.';
    number = parse_number<double>(text);
  } else {
    number = parse_number<double>(cell);
    if (!number) number = fraction(cell);
  }
  return number && std::isfinite(*number) ? number : std::nullopt;
}

bool is_missing_cell(std::string_view cell, const Task& task) {
  if (cell.empty() || lower_case(cell) == "nan") return true;
  if (std::ranges::find(task.cells.missing, cell) != task.cells.missing.end()) return true;
  if (task.missing.empty()) return false;
  const std::optional<double> number = cell_number(cell, task.cells.decimal);
  return number &&
         std::ranges::find(task.missing, static_cast<float>(*number)) != task.missing.end();
}

bool is_likely_missing(std::string_view cell) {
  return std::ranges::find(kLikelyMissing, lower_case(cell)) != kLikelyMissing.end();
}

std::string missing_hint(std::string_view cell) {
  return fmt::format(
      "if '{0}' means that there is no label, add missing = [\"{0}\"] to the task's [[task]] table "
      "(--tasks FILE)",
      cell);
}

std::string in_quotes(std::string_view cell) {
  return fmt::format("'{}'", shown(cell));
}

CellLabels number_cells(const std::vector<std::string>& cells, const Task& task) {
  CellLabels result;
  result.labels.assign(cells.size(), std::numeric_limits<float>::quiet_NaN());
  for (size_t i = 0; i < cells.size(); ++i) {
    if (is_missing_cell(cells[i], task)) continue;
    const std::optional<double> number = cell_number(cells[i], task.cells.decimal);
    if (!number) {
      result.problems.push_back(
          {.cell = i,
           .text = fmt::format("{} is not a number, and task '{}' reads numbers",
                               in_quotes(cells[i]), task.name),
           .hint = is_likely_missing(cells[i])
                       ? missing_hint(cells[i])
                       : "a task with `from` reads the classes of another task"});
      continue;
    }
    result.labels[i] = static_cast<float>(*number);
    constexpr double kLargestExact = 16'777'216;  // of a float32
    if (std::abs(*number) > kLargestExact && result.labels[i] != *number) {
      result.problems.push_back(
          {.cell = i,
           .text = fmt::format("{} has more digits than a label can hold", in_quotes(cells[i])),
           .hint = "labels are float32: whole numbers up to 16777216; numbers that are names of "
                   "classes need a task that lists them"});
    }
  }
  return result;
}

}  // namespace orthrus
