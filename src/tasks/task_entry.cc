#include "tasks/task_entry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/suggest.h"
#include "tasks/cell_rule_entry.h"
#include "tasks/expression.h"

namespace orthrus {
namespace {

constexpr int64_t kMostClasses = 1'000'000;
constexpr int kMostColumns = 1'000'000;

template <typename Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A finite value of a list option; kUsage otherwise.
double real_of(const Options& entry, const char* key, const std::string& text) {
  const std::optional<double> number = number_of<double>(text);
  if (!number || !std::isfinite(*number)) {
    throw usage_error("{}: got '{}', expected a number", entry.where(key), text);
  }
  return *number;
}

std::vector<std::string> names_in(const Options& entry, const std::string& path) {
  std::vector<std::string> names;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (names.size() < 2) {
    throw usage_error("{}: the file '{}' holds {} names, expected one on each line, at least two",
                      entry.where("classes"), path, names.size());
  }
  return names;
}

void check_distinct(const Options& entry, const char* key, const std::vector<std::string>& names) {
  std::vector<std::string> sorted = names;
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) throw usage_error("{}: '{}' stands twice", entry.where(key), *twice);
}

// Number and names as `classes` says; 0 where it is not given.
void take_classes(const Options& entry, Task& task) {
  if (!entry.has("classes")) return;
  const std::vector<std::string>& texts = entry.list("classes");
  if (texts.size() == 1) {
    if (const std::optional<int64_t> count = number_of<int64_t>(texts.front())) {
      const int64_t least = task.kind == TaskKind::kMultilabel ? 1 : 2;
      if (*count < least || *count > kMostClasses) {
        throw usage_error("{}: got {}, expected {} to {}", entry.where("classes"), *count, least,
                          kMostClasses);
      }
      task.classes = *count;
      return;
    }
    task.class_names = names_in(entry, texts.front());
  } else {
    task.class_names = texts;
  }
  check_distinct(entry, "classes", task.class_names);
  task.classes = static_cast<int64_t>(task.class_names.size());
}

void name_yes_and_no(Task& task) {
  task.classes = 2;
  task.class_names = {"no", "yes"};
}

// Reads one entry after those that it is derived from.
class TaskReader {
 public:
  TaskReader(const Options& entry, const Task* from) : entry_(entry), from_(from) {}

  Task read() {
    task_.name = entry_.text("name");
    task_.head = "fc_" + task_.name;
    task_.kind = *kind_named(entry_.text("kind"));
    take_classes(entry_, task_);
    take_source();
    take_cells();
    take_rule();
    if (task_.classes == 0 && !data_name_classes()) {
      throw usage_error("{}: the task '{}' does not say its classes", entry_.entry_where(),
                        task_.name)
          .with_hint(
              "classes = 4, or classes = [\"rose\", \"tulip\"], or a file with a name on "
              "each line");
    }
    check_columns();
    take_head();
    take_loss();
    return task_;
  }

 private:
  // A label that is the text of its column or its folder, or a class that a cell names.
  [[nodiscard]] bool data_name_classes() const {
    if (task_.rule != LabelRule::kIdentity) return false;
    return task_.kind != TaskKind::kMultilabel || !task_.cells.separator.empty();
  }

  [[nodiscard]] Error wrong(const char* key, const std::string& what) const {
    return usage_error("{}: {}", entry_.where(key), what);
  }

  void take_source() {
    const int sources =
        int{entry_.has("column")} + int{entry_.has("columns")} + int{entry_.has("from")};
    if (sources != 1) {
      throw usage_error("{}: the task '{}' names {} of column, columns and from, expected one",
                        entry_.entry_where(), task_.name, sources == 0 ? "none" : "several")
          .with_hint(
              "column = 0 reads the list's first label column, from = \"TASK\" derives the "
              "label from another task's");
    }
    if (entry_.has("column")) take_column(entry_.text("column"), "column");
    if (entry_.has("columns")) take_columns();
    if (from_ != nullptr) derive();
  }

  // How the cells of its column are read; a derived task takes over those of its source.
  void take_cells() {
    const std::string key = cell_key_given(entry_);
    if (from_ != nullptr && !key.empty()) {
      throw wrong(key.c_str(), "a derived task has no cells of its own");
    }
    if (from_ == nullptr) read_cell_rule(entry_, task_);
  }

  void take_column(const std::string& text, const char* key) {
    const std::optional<int> number = number_of<int>(text);
    if (number && (*number < 0 || *number > kMostColumns)) {
      throw wrong(key, fmt::format("got {}, expected a column from 0 on, or its name", *number));
    }
    if (number) {
      task_.label_column = *number;
      task_.by_place = true;
    } else {
      task_.column_names = {text};
    }
  }

  void take_columns() {
    if (task_.kind != TaskKind::kMultilabel) {
      throw wrong("columns", fmt::format("a task of kind {} reads one column", entry_.text("kind")))
          .with_hint("write column = ...");
    }
    check_distinct(entry_, "columns", entry_.list("columns"));
    std::vector<int> numbers;
    std::vector<std::string> names;
    for (const std::string& text : entry_.list("columns")) {
      task_.column_names.clear();
      take_column(text, "columns");
      if (task_.column_names.empty())
        numbers.push_back(task_.label_column);
      else
        names.push_back(text);
    }
    if (!numbers.empty() && !names.empty()) {
      throw wrong("columns", "numbers and names are mixed");
    }
    const auto count = static_cast<int64_t>(entry_.list("columns").size());
    if (task_.classes == 0) {
      task_.classes = count;
      task_.class_names = names;
    }
    if (task_.classes != count) {
      throw wrong("columns", fmt::format("{} columns for {} classes", count, task_.classes));
    }
    task_.label_columns = numbers;
    task_.column_names = names;
    if (!numbers.empty()) task_.label_column = numbers.front();
  }

  void derive() {
    if (task_.kind == TaskKind::kMultilabel) {
      throw wrong("from", "a multilabel task cannot be derived from another");
    }
    if (from_->kind == TaskKind::kMultilabel) {
      throw wrong("from", fmt::format("'{}' is multilabel: it has no single class", from_->name));
    }
    if (from_->classes == 0) {
      throw wrong(
          "from",
          fmt::format("'{}' takes its classes from the data, which are not read yet", from_->name))
          .with_hint(fmt::format("write the classes of '{}' too", from_->name));
    }
    task_.label_column = from_->label_column;
    task_.column_names = from_->column_names;
    task_.missing = from_->missing;
    task_.cells = from_->cells;
    task_.by_place = from_->by_place;
    task_.from = from_->name;
    task_.rule = from_->rule;
    task_.steps = from_->steps;
  }

  void take_rule() {
    const int rules = int{entry_.has("rule")} + int{entry_.has("map")} + int{entry_.has("set")};
    if (rules > 1) {
      throw usage_error("{}: the task '{}' has several of rule, map and set", entry_.entry_where(),
                        task_.name);
    }
    if (rules == 0) {
      if (from_ == nullptr) return;
      throw wrong("from", "a derived task needs a rule, a map or a set")
          .with_hint("for example: rule = \"label > 0\"");
    }
    task_.rule = LabelRule::kSteps;
    if (entry_.has("rule")) take_expression();
    if (entry_.has("map")) take_map();
    if (entry_.has("set")) take_set();
  }

  void take_expression() {
    const std::string text = entry_.text("rule");
    try {
      const LabelExpression expression(text);
      if (from_ != nullptr) try_classes(expression);
    } catch (const Error& error) {
      throw error.within(entry_.where("rule"));
    }
    task_.steps.push_back({.expression = text});
  }

  // `label` would be the class's place, and a reader of the rule thinks of its name.
  void refuse_number_names() const {
    if (!names_are_numbers(*from_)) return;
    for (int64_t k = 0; k < from_->classes; ++k) {
      if (from_->class_name(k) == std::to_string(k)) continue;
      throw usage_error(
          "the classes of '{}' are numbers, and `label` would be their place: {} for "
          "'{}'",
          from_->name, k, from_->class_name(k))
          .with_hint(
              "use map or set, which take the names, or read the column: column = ... in "
              "place of from");
    }
  }

  // What the expression makes of every class of `from`, held against the classes of this task; the
  // number of classes follows where it is not given.
  void try_classes(const LabelExpression& expression) {
    refuse_number_names();
    double largest = 1;
    for (int64_t k = 0; k < from_->classes; ++k) {
      const double value = expression(static_cast<double>(k));
      if (std::isnan(value)) continue;
      const double most = static_cast<double>(task_.classes > 0 ? task_.classes : kMostClasses);
      if (value < 0 || value >= most || std::trunc(value) != value) {
        throw usage_error("'{}' makes {} of class {} of '{}', which is no class of '{}' (0 to {})",
                          entry_.text("rule"), value, from_->class_name(k), from_->name, task_.name,
                          most - 1);
      }
      largest = std::max(largest, value);
    }
    if (task_.classes > 0) return;
    task_.classes = static_cast<int64_t>(largest) + 1;
    if (task_.classes == 2) name_yes_and_no(task_);
  }

  void take_map() {
    const std::vector<NamedList> lists = entry_.table("map");
    if (lists.empty()) throw wrong("map", "it is empty");
    if (task_.kind == TaskKind::kMultilabel) throw wrong("map", "a multilabel task takes a rule");
    if (task_.classes == 0) {
      for (const NamedList& list : lists) task_.class_names.push_back(list.name);
      task_.classes = static_cast<int64_t>(lists.size());
      if (task_.classes < 2) throw wrong("map", "it has one class, expected at least two");
    }
    RuleStep step;
    for (const NamedList& list : lists) {
      const auto target = static_cast<float>(class_of(task_, list.name, "map"));
      for (const std::string& value : list.values) add_value(step, value, target, "map");
    }
    task_.steps.push_back(std::move(step));
  }

  void take_set() {
    if (task_.classes == 0) name_yes_and_no(task_);
    if (task_.classes != 2 || task_.kind == TaskKind::kMultilabel) {
      throw wrong("set", "a set makes a task of two classes: the others (0) and these (1)");
    }
    RuleStep step;
    for (const std::string& value : entry_.list("set")) add_value(step, value, 1, "set");
    if (from_ == nullptr) {
      task_.steps.push_back({.expression = membership(step)});
      return;
    }
    for (int64_t k = 0; k < from_->classes; ++k) {
      const auto value = static_cast<float>(k);
      if (std::ranges::find(step.table, value, &std::pair<float, float>::first) ==
          step.table.end()) {
        step.table.emplace_back(value, 0.0F);
      }
    }
    task_.steps.push_back(std::move(step));
  }

  static std::string membership(const RuleStep& step) {
    std::string text;
    for (const auto& [value, target] : step.table) {
      text += fmt::format("{}label == {}", text.empty() ? "" : " || ", value);
    }
    return text;
  }

  void add_value(RuleStep& step, const std::string& text, float target, const char* key) {
    const auto value = from_ != nullptr ? static_cast<float>(class_of(*from_, text, key))
                                        : static_cast<float>(real_of(entry_, key, text));
    if (std::ranges::find(step.table, value, &std::pair<float, float>::first) != step.table.end()) {
      throw wrong(key, fmt::format("'{}' stands twice", text));
    }
    step.table.emplace_back(value, target);
  }

  // A class by its name or number.
  int64_t class_of(const Task& task, const std::string& text, const char* key) const {
    const auto found = std::ranges::find(task.class_names, text);
    if (found != task.class_names.end()) return found - task.class_names.begin();
    const std::optional<int64_t> number = number_of<int64_t>(text);
    if (number && *number >= 0 && *number < task.classes) return *number;
    std::string hint = did_you_mean(text, task.class_names);
    if (hint.empty()) hint = fmt::format("its classes are 0 to {}", task.classes - 1);
    throw wrong(key, fmt::format("'{}' is no class of '{}'", text, task.name))
        .with_hint(std::move(hint));
  }

  void check_columns() const {
    if (task_.kind == TaskKind::kMultilabel && task_.column_names.size() == 1 &&
        task_.classes > 1 && task_.cells.separator.empty()) {
      throw wrong("column", "a named column is one class, and there are several")
          .with_hint(
              "name them all: columns = [\"...\", \"...\"], or say what separates the classes in "
              "a cell: separator = \"|\"");
    }
  }

  void take_head() {
    const std::vector<std::string>& sizes = entry_.list("head");
    if (sizes.size() != 1 || sizes.front() != "linear") {
      for (const std::string& text : sizes) {
        const std::optional<int64_t> size = number_of<int64_t>(text);
        if (!size || *size < 1 || *size > kMostClasses) {
          throw wrong("head",
                      fmt::format("got '{}', expected linear or the sizes of hidden layers, "
                                  "such as [256]",
                                  text));
        }
        task_.hidden.push_back(*size);
      }
    }
    task_.dropout = entry_.real("dropout");
  }

  void take_loss() {
    task_.weight_by_labels = entry_.text("weight") == "labels";
    if (!task_.weight_by_labels) task_.weight = entry_.real("weight");
    task_.label_smoothing = entry_.real("label_smoothing");
    task_.focal_gamma = entry_.real("focal");
    const std::vector<std::string>& weights = entry_.list("class_weights");
    if (!weights.empty() && task_.kind == TaskKind::kOrdinal) {
      throw wrong("class_weights", "an ordinal task takes none: it learns steps between classes");
    }
    if (weights.size() == 1 && number_of<double>(weights.front()) == std::nullopt) {
      if (weights.front() != "balanced") {
        throw wrong("class_weights",
                    fmt::format("got '{}', expected balanced or numbers", weights.front()))
            .with_hint(did_you_mean(weights.front(), std::vector<std::string>{"balanced"}));
      }
      task_.balanced = true;
      return;
    }
    for (const std::string& text : weights) {
      const double weight = real_of(entry_, "class_weights", text);
      if (weight < 0) throw wrong("class_weights", fmt::format("{} is negative", weight));
      task_.class_weights.push_back(weight);
    }
    if (!weights.empty() && std::cmp_not_equal(weights.size(), task_.classes)) {
      throw wrong("class_weights",
                  fmt::format("{} weights for {} classes", weights.size(), task_.classes))
          .with_hint(task_.classes == 0 ? "write the classes too" : "");
    }
  }

  const Options& entry_;
  const Task* from_;
  Task task_;
};

}  // namespace

Task read_task(const Options& entry, const Task* from) {
  return TaskReader(entry, from).read();
}

}  // namespace orthrus
