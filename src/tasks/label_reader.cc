#include "tasks/label_reader.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace orthrus {

LabelReader::LabelReader(const Task& task) : task_(task) {
  if (task.rule != LabelRule::kSteps) return;
  for (const RuleStep& step : task.steps) {
    Step& made = steps_.emplace_back();
    made.table = step.table;
    std::ranges::sort(made.table);
    if (!step.expression.empty()) made.expression.emplace(step.expression);
  }
}

size_t LabelReader::column_of(size_t place) const {
  if (!task_.positions.empty()) return static_cast<size_t>(task_.positions[place]);
  if (!task_.label_columns.empty()) return static_cast<size_t>(task_.label_columns[place]);
  return static_cast<size_t>(task_.label_column) + place;
}

bool LabelReader::is_class(float label) const {
  const int64_t classes = task_.kind == TaskKind::kMultilabel ? 2 : task_.classes;
  return label >= 0 && label < static_cast<float>(classes) && std::trunc(label) == label;
}

std::optional<float> LabelReader::label_of(float value) const {
  if (std::isnan(value)) return std::nullopt;
  const bool decoded = !task_.positions.empty();  // what is missing is NaN there
  if (!decoded && std::ranges::find(task_.missing, value) != task_.missing.end()) {
    return std::nullopt;
  }
  if (task_.rule == LabelRule::kPositive) return value > 0 ? 1.0F : 0.0F;
  for (const Step& step : steps_) {
    if (step.expression) {
      value = static_cast<float>((*step.expression)(value));
      if (std::isnan(value)) return std::nullopt;
      continue;
    }
    const auto found =
        std::ranges::lower_bound(step.table, value, {}, &std::pair<float, float>::first);
    if (found == step.table.end() || found->first != value) return std::nullopt;
    value = found->second;
  }
  return value;
}

std::string LabelReader::complaint(float value, float label, size_t place) const {
  const std::string from = label == value ? "" : fmt::format(" (from {})", value);
  const std::string column = place < task_.column_names.size()
                                 ? fmt::format("'{}'", task_.column_names[place])
                                 : fmt::format("{}", column_of(place) + 1);
  if (task_.kind == TaskKind::kMultilabel) {
    return fmt::format("label {}{} in column {} of task '{}' is neither 0 nor 1", label, from,
                       column, task_.name);
  }
  return fmt::format("label {}{} in column {} is not a class of task '{}' (0 to {})", label, from,
                     column, task_.name, task_.classes - 1);
}

std::string LabelReader::problem(std::span<const float> columns) const {
  for (size_t place = 0; place < static_cast<size_t>(task_.label_width()); ++place) {
    const size_t column = column_of(place);
    if (column >= columns.size()) {
      return fmt::format("task '{}' reads label column {}, the list has {}", task_.name, column + 1,
                         columns.size());
    }
    const std::optional<float> label = label_of(columns[column]);
    if (label && !is_class(*label)) return complaint(columns[column], *label, place);
  }
  return {};
}

void LabelReader::read(std::span<const float> columns, std::span<float> labels,
                       std::span<float> present) const {
  for (size_t place = 0; place < labels.size(); ++place) {
    const size_t column = column_of(place);
    const std::optional<float> label =
        column < columns.size() ? label_of(columns[column]) : std::nullopt;
    if (column >= columns.size() || (label && !is_class(*label))) {
      throw input_error("{}", problem(columns));
    }
    labels[place] = label.value_or(0.0F);
    present[place] = label ? 1.0F : 0.0F;
  }
}

void LabelReader::read_batch(const Tensor& columns, int count, std::span<float> labels,
                             std::span<float> present) const {
  const auto cells = static_cast<size_t>(columns.shape()[1]);
  const auto width = static_cast<size_t>(task_.label_width());
  for (size_t row = 0; row * width < labels.size(); ++row) {
    const auto here = present.subspan(row * width, width);
    try {
      read(columns.data().subspan(row * cells, cells), labels.subspan(row * width, width), here);
    } catch (const Error& error) {
      throw error.within(fmt::format("picture {} of the batch", row + 1));
    }
    if (row >= static_cast<size_t>(count)) std::ranges::fill(here, 0.0F);
  }
}

std::vector<LabelReader> label_readers(const std::vector<Task>& tasks) {
  std::vector<LabelReader> readers;
  for (const Task& task : tasks) readers.emplace_back(task);
  return readers;
}

}  // namespace orthrus
