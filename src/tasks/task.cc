#include "tasks/task.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {
namespace {

int number_of_column(const Task& task, const std::string& name,
                     std::span<const std::string> names) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  if (names.empty()) {
    throw input_error("task '{}' reads the column '{}', but the list's columns have no names",
                      task.name, name)
        .with_hint("write the column's number, from 0");
  }
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = fmt::format("the list's columns are: {}", fmt::join(names, ", "));
  throw input_error("task '{}' reads the column '{}', which the list does not have", task.name,
                    name)
      .with_hint(std::move(hint));
}

constexpr std::array<std::pair<std::string_view, TaskKind>, 3> kKinds = {
    {{"softmax", TaskKind::kSoftmax},
     {"multilabel", TaskKind::kMultilabel},
     {"ordinal", TaskKind::kOrdinal}}};

}  // namespace

std::string_view kind_name(TaskKind kind) {
  for (const auto& [name, value] : kKinds) {
    if (value == kind) return name;
  }
  throw internal_error("the kind of task {} has no name", static_cast<int>(kind));
}

std::optional<TaskKind> kind_named(std::string_view name) {
  for (const auto& [known, value] : kKinds) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string Task::class_name(int64_t index) const {
  const auto place = static_cast<size_t>(index);
  return place < class_names.size() ? class_names[place] : std::to_string(index);
}

std::vector<Task> classic_tasks(int64_t num_classes) {
  return {
      {.name = "softmax", .head = "fc", .classes = num_classes},
      {.name = "softmax_multitask",
       .head = "fc_multitask",
       .classes = 2,
       .rule = LabelRule::kPositive},
  };
}

void bind_columns(std::vector<Task>& tasks, std::span<const std::string> names) {
  for (Task& task : tasks) {
    if (task.column_names.empty()) continue;
    std::vector<int> numbers;
    for (const std::string& name : task.column_names) {
      numbers.push_back(number_of_column(task, name, names));
    }
    task.label_column = numbers.front();
    if (task.kind == TaskKind::kMultilabel) task.label_columns = numbers;
  }
}

}  // namespace orthrus
