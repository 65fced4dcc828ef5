// The cells of multilabel tasks (tasks/cells.h): a 0 or 1 in a column for each class, or the names
// of classes in one cell.
#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "base/error.h"
#include "base/suggest.h"
#include "base/text.h"
#include "tasks/cells.h"

namespace orthrus {
namespace {

constexpr float kAbsentLabel = std::numeric_limits<float>::quiet_NaN();

constexpr auto kPositiveWords =
    std::to_array<std::string_view>({"yes", "y", "true", "t", "positive", "pos", "present"});
constexpr auto kNegativeWords =
    std::to_array<std::string_view>({"no", "n", "false", "f", "negative", "neg", "absent"});
constexpr auto kUncertainWords = std::to_array<std::string_view>({"uncertain", "u", "?"});

bool is_word(std::string_view cell, std::span<const std::string_view> words) {
  return std::ranges::find(words, lower_case(cell)) != words.end();
}

// As a text, or as a number of the same value.
bool is_listed(std::string_view cell, const std::vector<std::string>& words, char decimal) {
  const std::optional<double> number = cell_number(cell, decimal);
  return std::ranges::any_of(words, [&](const std::string& word) {
    return word == cell || (number && cell_number(word, decimal) == number);
  });
}

float label_of_meaning(CellMeaning meaning) {
  if (meaning == CellMeaning::kPositive) return 1;
  return meaning == CellMeaning::kNegative ? 0 : kAbsentLabel;
}

// Positive, negative or missing; kUnset for an uncertain cell and for another text.
CellMeaning binary_meaning(std::string_view cell, const Task& task, bool& uncertain) {
  const CellRule& rule = task.cells;
  if (cell.empty()) {
    return rule.blank == CellMeaning::kUnset ? CellMeaning::kMissing : rule.blank;
  }
  if (is_listed(cell, rule.positive, rule.decimal)) return CellMeaning::kPositive;
  if (is_listed(cell, rule.negative, rule.decimal)) return CellMeaning::kNegative;
  if (is_missing_cell(cell, task)) return CellMeaning::kMissing;
  const std::optional<double> number = cell_number(cell, rule.decimal);
  uncertain = number ? *number == -1 : is_word(cell, kUncertainWords);
  if (uncertain) return rule.uncertain;
  if (number) {
    if (*number == 1) return CellMeaning::kPositive;
    return *number == 0 ? CellMeaning::kNegative : CellMeaning::kUnset;
  }
  if (!rule.positive.empty() || !rule.negative.empty()) return CellMeaning::kUnset;
  if (is_word(cell, kPositiveWords)) return CellMeaning::kPositive;
  return is_word(cell, kNegativeWords) ? CellMeaning::kNegative : CellMeaning::kUnset;
}

// The texts between the separators, without blanks around them.
std::vector<std::string> tags_in(std::string_view cell, std::string_view separator) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string> tags;
  for (size_t begin = 0; begin <= cell.size();) {
    const size_t end = std::min(cell.find(separator, begin), cell.size());
    std::string_view tag = cell.substr(begin, end - begin);
    const size_t first = tag.find_first_not_of(kBlanks);
    if (first != tag.npos) {
      tag = tag.substr(first, tag.find_last_not_of(kBlanks) - first + 1);
      if (std::ranges::find(tags, tag) == tags.end()) tags.emplace_back(tag);
    }
    begin = end + separator.size();
  }
  return tags;
}

// The classes of the task, or those that the cells name.
std::vector<std::string> tag_classes(const std::vector<std::vector<std::string>>& tags,
                                     const Task& task) {
  if (!task.class_names.empty()) return task.class_names;
  std::vector<std::string> names;
  for (const std::vector<std::string>& of_cell : tags) {
    names.insert(names.end(), of_cell.begin(), of_cell.end());
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

CellLabels binary_cells(const std::vector<std::string>& cells, const Task& task) {
  CellLabels result;
  result.labels.assign(cells.size(), kAbsentLabel);
  for (size_t i = 0; i < cells.size(); ++i) {
    bool uncertain = false;
    const CellMeaning meaning = binary_meaning(cells[i], task, uncertain);
    result.labels[i] = label_of_meaning(meaning);
    if (meaning != CellMeaning::kUnset) continue;
    CellProblem& problem = result.problems.emplace_back();
    problem.cell = i;
    problem.text = fmt::format("'{}' is neither 0 nor 1", cells[i]);
    problem.hint =
        uncertain
            ? "add uncertain = \"missing\", \"positive\" or \"negative\" to the [[task]] table"
            : "list the words for 1 and 0 in the [[task]] table (positive = [...], negative "
              "= [...]), and those for no label (missing = [...])";
  }
  return result;
}

CellLabels tag_cells(const std::vector<std::string>& cells, const Task& task) {
  const CellRule& rule = task.cells;
  std::vector<std::vector<std::string>> tags(cells.size());
  std::vector<float> base(cells.size(), 0);  // of a class that the cell does not name
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].empty()) {
      base[i] = rule.blank == CellMeaning::kNegative ? 0 : kAbsentLabel;
    } else if (is_listed(cells[i], rule.negative, rule.decimal)) {
      continue;
    } else if (is_missing_cell(cells[i], task)) {
      base[i] = kAbsentLabel;
    } else {
      tags[i] = tags_in(cells[i], rule.separator);
      // One that means no label says nothing of the classes beside it.
      std::erase_if(tags[i], [&](const std::string& tag) { return is_missing_cell(tag, task); });
    }
  }
  CellLabels result;
  const std::vector<std::string> names = tag_classes(tags, task);
  if (task.class_names.empty()) {
    for (const std::string& name : names) {
      if (!is_likely_missing(name)) continue;
      result.warnings.push_back(
          fmt::format("task '{}': '{}' is a class; {}", task.name, name, missing_hint(name)));
    }
  }
  result.class_names = names;
  result.classes = static_cast<int64_t>(names.size());
  result.width = names.size();
  for (size_t i = 0; i < cells.size(); ++i) {
    result.labels.insert(result.labels.end(), names.size(), base[i]);
    for (const std::string& tag : tags[i]) {
      const auto found = std::ranges::find(names, tag);
      if (found == names.end()) {
        result.problems.push_back(
            {.cell = i,
             .text = fmt::format("'{}' in '{}' is not one of the {} classes of task '{}'", tag,
                                 cells[i], names.size(), task.name),
             .hint = tag.size() > 2 ? did_you_mean(tag, names) : std::string()});
        continue;
      }
      result.labels[i * names.size() + static_cast<size_t>(found - names.begin())] = 1;
    }
  }
  return result;
}

}  // namespace orthrus
