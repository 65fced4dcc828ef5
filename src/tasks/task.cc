#include "tasks/task.h"

#include <cmath>

#include "base/error.h"

namespace orthrus {
namespace {

// The class for a value that is not missing.
float apply(LabelRule rule, float value) {
  switch (rule) {
    case LabelRule::kIdentity:
      return value;
    case LabelRule::kPositive:
      return value > 0 ? 1.0F : 0.0F;
  }
  throw internal_error("unknown label rule {}", static_cast<int>(rule));
}

}  // namespace

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

std::string label_problem(const Task& task, std::span<const float> columns) {
  const auto column = static_cast<size_t>(task.label_column);
  if (column >= columns.size()) {
    return fmt::format("task '{}' reads label column {}, the list has {}", task.name, column + 1,
                       columns.size());
  }
  const float value = columns[column];
  if (std::isnan(value)) return {};
  const float label = apply(task.rule, value);
  if (label >= 0 && label < static_cast<float>(task.classes) && std::trunc(label) == label) {
    return {};
  }
  return fmt::format("label {} in column {} is not a class of task '{}' (0 to {})", value,
                     column + 1, task.name, task.classes - 1);
}

void derive_labels(const Task& task, const Tensor& labels, int count, std::span<float> dst_labels,
                   std::span<float> dst_weights) {
  const auto columns = static_cast<size_t>(labels.shape()[1]);
  const std::span<const float> values = labels.data();
  for (size_t row = 0; row < dst_labels.size(); ++row) {
    const std::span<const float> cells = values.subspan(row * columns, columns);
    const std::string problem = label_problem(task, cells);
    if (!problem.empty()) throw input_error("picture {} of the batch: {}", row + 1, problem);
    const float value = cells[static_cast<size_t>(task.label_column)];
    const bool missing = std::isnan(value);
    const bool real = row < static_cast<size_t>(count);
    dst_labels[row] = missing ? 0.0F : apply(task.rule, value);
    dst_weights[row] = real && !missing ? 1.0F : 0.0F;
  }
}

}  // namespace orthrus
