#include "model/task_json.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "formats/json_fields.h"

namespace orthrus {
namespace {

constexpr int64_t kMostClasses = 1'000'000'000;
constexpr int64_t kMostColumns = 1'000'000;
constexpr int kDeepestTasks = 3;  // [{"class_names": [text]}]

constexpr std::array<std::pair<std::string_view, LabelRule>, 2> kRules = {
    {{"identity", LabelRule::kIdentity}, {"positive", LabelRule::kPositive}}};

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

OrderedJson task_to_json(const Task& task) {
  OrderedJson json = {{"name", task.name}, {"head", task.head}, {"classes", task.classes}};
  if (task.label_column != 0) json["label_column"] = task.label_column;
  if (task.rule != LabelRule::kIdentity) json["rule"] = rule_name(task.rule);
  if (!task.class_names.empty()) json["class_names"] = task.class_names;
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
  fields.finish();
  if (!task.class_names.empty() && std::cmp_not_equal(task.class_names.size(), task.classes)) {
    throw input_error("task '{}' has {} classes and {} class names", task.name, task.classes,
                      task.class_names.size());
  }
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
