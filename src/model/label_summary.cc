#include "model/label_summary.h"

#include <algorithm>

#include "base/error.h"
#include "data/class_folders.h"
#include "data/text_lines.h"

namespace orthrus {
namespace {

constexpr size_t kMostShown = 10;

std::string shortened(const std::vector<std::string>& names) {
  std::vector<std::string> first;
  for (size_t i = 0; i < std::min(names.size(), kMostShown); ++i) first.push_back(shown(names[i]));
  const std::string more =
      names.size() > kMostShown ? fmt::format(", and {} more", names.size() - kMostShown) : "";
  return fmt::format("{}{}", fmt::join(first, ", "), more);
}

std::string images_per_class(const Task& task, const LabelCounts& counts) {
  std::vector<std::string> classes;
  for (size_t k = 0; k < counts.per_class.size(); ++k) {
    const std::string name = task.class_name(static_cast<int64_t>(k));
    classes.push_back(task.class_names.empty()
                          ? fmt::format("{}: {}", name, counts.per_class[k])
                          : fmt::format("{} {}", shown(name), counts.per_class[k]));
  }
  return shortened(classes);
}

}  // namespace

std::string column_text(const Task& task) {
  const std::vector<std::string>& names = task.column_names;
  if (names.size() == 1) return fmt::format("column '{}'", shown(names.front()));
  if (!names.empty()) return fmt::format("columns {}", shortened(names));
  if (task.label_columns.size() > 1) {
    std::vector<std::string> numbers;
    for (const int column : task.label_columns) numbers.push_back(std::to_string(column));
    return fmt::format("label columns {}", shortened(numbers));
  }
  if (task.kind == TaskKind::kMultilabel && task.classes > 1) {
    return fmt::format("label columns {} to {}", task.label_column,
                       task.label_column + task.classes - 1);
  }
  return fmt::format("label column {}", task.label_column);
}

std::vector<std::string> label_summary(const ImageList& list, const std::vector<Task>& tasks,
                                       const std::vector<LabelCounts>& counts) {
  const bool folders = list.columns.size() == 1 && list.columns.front().name == kFolderColumn;
  std::vector<std::string> lines;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const Task& task = tasks[i];
    const bool from_folders = folders && task.column_names.empty();
    std::string line =
        fmt::format("task '{}': {} of {}, {} classes: {}", task.name,
                    from_folders ? "folders" : column_text(task), list.origin.string(),
                    task.classes, images_per_class(task, counts[i]));
    if (counts[i].missing > 0) {
      line +=
          fmt::format("; {} label{} missing", counts[i].missing, counts[i].missing == 1 ? "" : "s");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace orthrus
