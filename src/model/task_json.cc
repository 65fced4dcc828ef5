#include "model/task_json.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/error.h"
#include "formats/json_fields.h"
#include "tasks/calibration.h"
#include "tasks/expression.h"

namespace orthrus {
namespace {

constexpr int64_t kMostClasses = 1'000'000'000;
constexpr int64_t kMostColumns = 1'000'000;
constexpr int kDeepestTasks = 5;  // [{"steps": [{"values": [number]}]}]
constexpr double kLargestNumber = std::numeric_limits<float>::max();
constexpr double kLargestWeight = 1e12;  // of a class: balanced ones come from counts

constexpr std::array<std::pair<std::string_view, LabelRule>, 3> kRules = {
    {{"identity", LabelRule::kIdentity},
     {"positive", LabelRule::kPositive},
     {"steps", LabelRule::kSteps}}};

std::string_view rule_name(LabelRule rule) {
  for (const auto& [name, value] : kRules) {
    if (value == rule) return name;
  }
  throw internal_error("label rule {} has no name", static_cast<int>(rule));
}

LabelRule rule_of(const std::string& text) {
  for (const auto& [name, value] : kRules) {
    if (name == text) return value;
  }
  throw input_error("the label rule '{}' is unknown", text)
      .with_hint("a newer Orthrus may have written the file");
}

template <typename Numbers>
OrderedJson shortest_numbers(const Numbers& numbers) {
  OrderedJson list = OrderedJson::array();
  for (const float number : numbers) list.push_back(shortest_number(number));
  return list;
}

OrderedJson step_to_json(const RuleStep& step) {
  if (!step.expression.empty()) return {{"expression", step.expression}};
  std::vector<float> values, classes;
  for (const auto& [value, target] : step.table) {
    values.push_back(value);
    classes.push_back(target);
  }
  return {{"values", shortest_numbers(values)}, {"classes", shortest_numbers(classes)}};
}

RuleStep step_from_json(const OrderedJson& json) {
  JsonFields fields(json);
  RuleStep step;
  step.expression = fields.text("expression", "");
  const std::vector<double> values = fields.numbers("values", -kLargestNumber, kLargestNumber);
  const std::vector<double> classes = fields.numbers("classes", -kLargestNumber, kLargestNumber);
  fields.finish();
  if (values.size() != classes.size()) {
    throw input_error("a rule has {} values and {} classes", values.size(), classes.size());
  }
  for (size_t i = 0; i < values.size(); ++i) {
    step.table.emplace_back(static_cast<float>(values[i]), static_cast<float>(classes[i]));
  }
  if (!step.expression.empty()) (void)LabelExpression(step.expression);
  return step;
}

constexpr std::array<std::pair<std::string_view, CellMeaning>, 3> kMeanings = {
    {{"missing", CellMeaning::kMissing},
     {"positive", CellMeaning::kPositive},
     {"negative", CellMeaning::kNegative}}};

void add_meaning(const char* key, CellMeaning meaning, OrderedJson& json) {
  for (const auto& [name, value] : kMeanings) {
    if (value == meaning) json[key] = name;
  }
}

CellMeaning meaning_from_json(JsonFields& fields, const char* key) {
  const std::string text = fields.text(key, "");
  if (text.empty()) return CellMeaning::kUnset;
  for (const auto& [name, value] : kMeanings) {
    if (name == text) return value;
  }
  throw input_error("{} is '{}', expected missing, positive or negative", key, text);
}

void add_cells(const CellRule& cells, OrderedJson& json) {
  if (!cells.missing.empty()) json["missing_texts"] = cells.missing;
  if (cells.decimal != '.') json["decimal"] = std::string(1, cells.decimal);
  if (!cells.separator.empty()) json["separator"] = cells.separator;
  add_meaning("blank", cells.blank, json);
  add_meaning("uncertain", cells.uncertain, json);
  if (!cells.positive.empty()) json["positive"] = cells.positive;
  if (!cells.negative.empty()) json["negative"] = cells.negative;
}

void read_cells(JsonFields& fields, CellRule& cells) {
  cells.missing = fields.texts("missing_texts");
  const std::string decimal = fields.text("decimal", ".");
  if (decimal != "." && decimal != ",") throw input_error("decimal is '{}'", decimal);
  cells.decimal = decimal.front();
  cells.separator = fields.text("separator", "");
  cells.blank = meaning_from_json(fields, "blank");
  cells.uncertain = meaning_from_json(fields, "uncertain");
  cells.positive = fields.texts("positive");
  cells.negative = fields.texts("negative");
}

// What labels and answers are read by, beyond the fields that every task has.
void add_labels(const Task& task, OrderedJson& json) {
  if (task.kind != TaskKind::kSoftmax) json["kind"] = kind_name(task.kind);
  if (!task.label_columns.empty()) json["label_columns"] = task.label_columns;
  if (!task.column_names.empty()) json["column_names"] = task.column_names;
  if (!task.missing.empty()) json["missing"] = shortest_numbers(task.missing);
  if (!task.from.empty()) json["from"] = task.from;
  add_cells(task.cells, json);
  if (task.named_cells) json["named_cells"] = true;
  if (task.temperature != 1) json["temperature"] = task.temperature;
  if (task.steps.empty()) return;
  json["steps"] = OrderedJson::array();
  for (const RuleStep& step : task.steps) json["steps"].push_back(step_to_json(step));
}

// What matters to training alone.
void add_training(const Task& task, OrderedJson& json) {
  if (task.weight != 1) json["weight"] = task.weight;
  if (task.weight_by_labels) json["weight_by_labels"] = true;
  if (!task.class_weights.empty()) json["class_weights"] = task.class_weights;
  if (task.balanced) json["balanced"] = true;
  if (task.label_smoothing != 0) json["label_smoothing"] = task.label_smoothing;
  if (task.focal_gamma != 0) json["focal"] = task.focal_gamma;
  if (!task.hidden.empty()) json["hidden"] = task.hidden;
  if (task.dropout != 0) json["dropout"] = task.dropout;
}

void read_labels(JsonFields& fields, Task& task) {
  const std::string kind = fields.text("kind", "softmax");
  const std::optional<TaskKind> known = kind_named(kind);
  if (!known) {
    throw input_error("the kind '{}' is unknown", kind)
        .with_hint("a newer Orthrus may have written the file");
  }
  task.kind = *known;
  for (const int64_t column : fields.integers("label_columns", 0, kMostColumns)) {
    task.label_columns.push_back(static_cast<int>(column));
  }
  task.column_names = fields.texts("column_names");
  for (const double value : fields.numbers("missing", -kLargestNumber, kLargestNumber)) {
    task.missing.push_back(static_cast<float>(value));
  }
  task.from = fields.text("from", "");
  read_cells(fields, task.cells);
  task.named_cells = fields.boolean("named_cells", false);
  task.temperature = fields.number("temperature", TemperatureFit::kLeast, TemperatureFit::kMost, 1);
  for (const OrderedJson& step : fields.objects("steps")) {
    task.steps.push_back(step_from_json(step));
  }
}

void read_training(JsonFields& fields, Task& task) {
  task.weight = fields.number("weight", 0, kLargestWeight, 1);
  task.weight_by_labels = fields.boolean("weight_by_labels", false);
  task.class_weights = fields.numbers("class_weights", 0, kLargestWeight);
  task.balanced = fields.boolean("balanced", false);
  task.label_smoothing = fields.number("label_smoothing", 0, 1, 0);
  task.focal_gamma = fields.number("focal", 0, 1000, 0);
  task.hidden = fields.integers("hidden", 1, kMostClasses);
  task.dropout = fields.number("dropout", 0, 1, 0);
}

// A list with one entry for each class, or an empty one.
void check_count(const Task& task, size_t count, const char* what) {
  if (count == 0 || std::cmp_equal(count, task.classes)) return;
  throw input_error("task '{}' has {} classes and {} {}", task.name, task.classes, count, what);
}

OrderedJson task_to_json(const Task& task) {
  OrderedJson json = {{"name", task.name}, {"head", task.head}, {"classes", task.classes}};
  if (task.label_column != 0) json["label_column"] = task.label_column;
  if (task.rule != LabelRule::kIdentity) json["rule"] = rule_name(task.rule);
  if (!task.class_names.empty()) json["class_names"] = task.class_names;
  add_labels(task, json);
  add_training(task, json);
  return json;
}

Task task_from_json(const OrderedJson& json) {
  JsonFields fields(json);
  Task task;
  task.name = fields.text("name");
  task.head = fields.text("head");
  task.classes = fields.integer("classes", 1, kMostClasses);
  task.label_column = static_cast<int>(fields.integer("label_column", 0, kMostColumns, 0));
  task.rule = rule_of(fields.text("rule", "identity"));
  task.class_names = fields.texts("class_names");
  read_labels(fields, task);
  read_training(fields, task);
  fields.finish();
  check_count(task, task.class_names.size(), "class names");
  check_count(task, task.class_weights.size(), "class weights");
  check_count(task, task.label_columns.size(), "label columns");
  return task;
}

}  // namespace

std::string tasks_to_json(const std::vector<Task>& tasks) {
  OrderedJson list = OrderedJson::array();
  for (const Task& task : tasks) list.push_back(task_to_json(task));
  // Class names come from a file of the user's: JSON must be UTF-8, they need not be.
  return list.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::vector<Task> tasks_from_json(std::string_view text) {
  const OrderedJson list = parse_json(text, kDeepestTasks);
  if (!list.is_array()) throw input_error("it is no list of tasks");
  std::vector<Task> tasks;
  for (const OrderedJson& json : list) {
    try {
      tasks.push_back(task_from_json(json));
    } catch (const Error& error) {
      throw error.within(fmt::format("task {}", tasks.size() + 1));
    }
  }
  return tasks;
}

}  // namespace orthrus
