#include "tasks/task.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/numbers.h"

namespace orthrus {
namespace {

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

bool is_single_identity(const Task& task) {
  return task.kind != TaskKind::kMultilabel && task.rule == LabelRule::kIdentity;
}

bool names_are_numbers(const Task& task) {
  return !task.class_names.empty() &&
         std::ranges::all_of(task.class_names, [](const std::string& name) {
           return parse_number<float>(name).has_value();
         });
}

void take_positions(const std::vector<Task>& from, std::vector<Task>& to) {
  for (size_t i = 0; i < std::min(from.size(), to.size()); ++i) {
    to[i].positions = from[i].positions;
    to[i].label_column = from[i].label_column;
    to[i].label_columns = from[i].label_columns;
    to[i].column_names = from[i].column_names;
  }
}

const Task& root_task(const std::vector<Task>& tasks, const Task& task) {
  const Task* root = &task;
  for (size_t steps = 0; !root->from.empty() && steps < tasks.size(); ++steps) {
    const auto found = std::ranges::find(tasks, root->from, &Task::name);
    if (found == tasks.end()) break;
    root = &*found;
  }
  return *root;
}

}  // namespace orthrus
