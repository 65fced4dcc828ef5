#include "tasks/cell_rule_entry.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "tasks/cells.h"

namespace orthrus {
namespace {

Error wrong_cell_key(const Options& entry, const char* key, const std::string& what) {
  return usage_error("{}: {}", entry.where(key), what);
}

CellMeaning meaning_of(const Options& entry, const char* key) {
  const std::string text = entry.text(key);
  if (text == "positive") return CellMeaning::kPositive;
  if (text == "negative") return CellMeaning::kNegative;
  return text == "missing" ? CellMeaning::kMissing : CellMeaning::kUnset;
}

bool is_default(const Options& entry, const char* key) {
  const OptionSpec& spec = *entry.table().find_key(key);
  return entry.text(key) == spec.default_text;
}

void read_missing(const Options& entry, Task& task) {
  for (const std::string& text : entry.list("missing")) {
    const std::optional<double> number = cell_number(text, task.cells.decimal);
    if (number) {
      task.missing.push_back(static_cast<float>(*number));
    } else {
      task.cells.missing.push_back(text);
    }
  }
}

void read_separator(const Options& entry, Task& task) {
  task.cells.separator = entry.text("separator");
  if (task.cells.separator.empty()) return;
  if (entry.has("columns")) {
    throw wrong_cell_key(entry, "separator",
                         "the classes are in one cell, so that it takes `column`, not "
                         "`columns`");
  }
  if (!task.cells.positive.empty()) {
    throw wrong_cell_key(entry, "positive",
                         "a cell with a separator names its classes; it has no word for 1");
  }
}

void refuse_word_in_both(const Options& entry, const CellRule& cells) {
  for (const std::string& word : cells.positive) {
    const std::optional<double> number = cell_number(word, cells.decimal);
    const bool both = std::ranges::any_of(cells.negative, [&](const std::string& other) {
      return other == word || (number && cell_number(other, cells.decimal) == number);
    });
    if (!both) continue;
    throw wrong_cell_key(entry, "negative",
                         fmt::format("'{}' is also a word for 1 (positive)", word));
  }
}

}  // namespace

std::string cell_key_given(const Options& entry) {
  for (const char* key :
       {"missing", "decimal", "separator", "blank", "uncertain", "positive", "negative"}) {
    if (!is_default(entry, key)) return key;
  }
  return {};
}

void read_cell_rule(const Options& entry, Task& task) {
  const std::string decimal = entry.text("decimal");
  if (decimal != "." && decimal != ",") {
    throw wrong_cell_key(entry, "decimal", fmt::format("got '{}', expected . or a comma", decimal));
  }
  task.cells.decimal = decimal.front();
  read_missing(entry, task);
  for (const char* key : {"separator", "blank", "uncertain", "positive", "negative"}) {
    if (!is_default(entry, key) && task.kind != TaskKind::kMultilabel) {
      throw wrong_cell_key(entry, key,
                           fmt::format("it is for multilabel tasks, and '{}' is {}", task.name,
                                       kind_name(task.kind)))
          .with_hint("kind = \"multilabel\"");
    }
  }
  if (task.kind != TaskKind::kMultilabel) return;
  if (!is_default(entry, "blank")) task.cells.blank = meaning_of(entry, "blank");
  task.cells.uncertain = meaning_of(entry, "uncertain");
  task.cells.positive = entry.list("positive");
  task.cells.negative = entry.list("negative");
  refuse_word_in_both(entry, task.cells);
  read_separator(entry, task);
}

}  // namespace orthrus
