#include "model/label_check.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "tasks/label_reader.h"

namespace orthrus {

namespace {

// What the list calls the classes of a task that has no names for them; null where it does not.
const std::vector<std::string>* own_names(const ImageList& list, const Task& task) {
  const auto column = static_cast<size_t>(task.label_column);
  const bool wanted = task.kind == TaskKind::kSoftmax && task.rule == LabelRule::kIdentity &&
                      task.class_names.empty();
  if (!wanted || column >= list.columns.size()) return nullptr;
  const std::vector<std::string>& names = list.columns[column].classes;
  return names.empty() ? nullptr : &names;
}

Error other_count(const ImageList& list, const Task& task, const std::vector<std::string>& names) {
  constexpr size_t kMostNamed = 20;
  std::vector<std::string> first = names;
  first.resize(std::min(names.size(), kMostNamed));
  return input_error("'{}' has {} classes in label column {}, but task '{}' has {}",
                     list.origin.string(), names.size(), task.label_column + 1, task.name,
                     task.classes)
      .with_hint(fmt::format("check --num-classes; the data's classes: {}{}",
                             fmt::join(first, ", "), names.size() > kMostNamed ? ", ..." : ""));
}

}  // namespace

void check_labels(const Pictures& pictures, const std::vector<Task>& tasks) {
  constexpr size_t kMostNamed = 10;
  size_t count = 0;
  std::vector<std::string> lines;
  const std::vector<LabelReader> readers = label_readers(tasks);
  const ListEntries& entries = pictures.list().entries;
  for (size_t position = 0; position < entries.size(); ++position) {
    for (const LabelReader& reader : readers) {
      const std::string problem = reader.problem(entries[position].labels);
      if (problem.empty()) continue;
      ++count;
      if (lines.size() == kMostNamed) continue;
      const std::string place = pictures.place_in_list(position);
      lines.push_back((place.empty() ? pictures.name(position) : place) + ": " + problem);
    }
  }
  if (count == 0) return;
  if (count > lines.size()) lines.push_back(fmt::format("and {} more", count - lines.size()));
  throw input_error("{}", fmt::join(lines, "\n"))
      .with_hint("labels count from 0; check --num-classes or the task's classes, and the list");
}

std::vector<LabelColumn> named_columns(const std::vector<Task>& tasks) {
  const auto has_texts = [](const Task& task) {
    return task.kind != TaskKind::kMultilabel && task.rule == LabelRule::kIdentity &&
           !task.class_names.empty();
  };
  std::vector<LabelColumn> columns;
  for (const Task& task : tasks) {
    if (!has_texts(task) || !task.column_names.empty()) continue;
    const auto column = static_cast<size_t>(task.label_column);
    if (columns.size() <= column) columns.resize(column + 1);
    columns[column].classes = task.class_names;
  }
  for (const Task& task : tasks) {
    if (!has_texts(task) || task.column_names.empty()) continue;
    columns.push_back({.name = task.column_names.front(), .classes = task.class_names});
  }
  return columns;
}

std::vector<std::string> column_names(const ImageList& list) {
  std::vector<std::string> names;
  for (const LabelColumn& column : list.columns) names.push_back(column.name);
  return names;
}

void take_class_names(const ImageList& list, std::vector<Task>& tasks) {
  for (Task& task : tasks) {
    const std::vector<std::string>* names = own_names(list, task);
    if (names != nullptr) {
      if (task.classes == 0) task.classes = std::ssize(*names);
      if (std::ssize(*names) != task.classes) throw other_count(list, task, *names);
      task.class_names = *names;
    }
    if (task.classes == 0) {
      throw usage_error("'{}' does not name the classes of task '{}', and nothing says how many",
                        list.origin.string(), task.name)
          .with_hint("--num-classes N, or classes = N in the task's table");
    }
  }
}

}  // namespace orthrus
