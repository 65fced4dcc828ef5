// Tasks as JSON, the form that they have in a model file. To store a new field of Task: one line in
// task_to_json(), which writes it only where it differs from its default, and one in
// task_from_json(), which gives the default when it is missing. So files without the field mean
// what they meant, and an older program refuses those with it by the field's name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tasks/task.h"

namespace orthrus {

// [{"name": "softmax", "head": "fc", "classes": 3, "class_names": ["daisy", "rose", "tulip"]},
//  {"name": "sold", "head": "fc_sold", "classes": 2, "label_column": 1, "rule": "positive"}]
[[nodiscard]] std::string tasks_to_json(const std::vector<Task>& tasks);

// Throws kInput naming the task and the field that is missing, wrong or unknown.
[[nodiscard]] std::vector<Task> tasks_from_json(std::string_view text);

}  // namespace orthrus
