#include "model/labelled_data.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "data/column_choice.h"
#include "model/label_check.h"
#include "model/label_columns.h"
#include "tasks/cells.h"

namespace orthrus {
namespace {

// A table without its rows.
ImageList header_of(const PictureFiles& files) {
  ImageList list;
  list.origin = files.list;
  list.columns = table_columns(files.list, files.table);
  list.label_columns = static_cast<int>(list.columns.size());
  for (size_t i = 0; i < std::min(files.columns.size(), list.columns.size()); ++i) {
    list.columns[i].name = files.columns[i];
  }
  return list;
}

// A task that takes the column as it is: its numbers, or a class for each of its texts.
Task task_of_column(const ImageList& list, size_t place, const ColumnReading& reading,
                    std::vector<std::string>& warnings) {
  const LabelColumn& column = list.columns[place];
  Task task{.name = column.name, .label_column = static_cast<int>(place), .by_place = true};
  task.cells.decimal = reading.decimal;
  if (!column.is_folder) task.column_names = {column.name};
  size_t numbers = 0, texts = 0;
  for (const std::string& cell : column.cells) {
    if (is_missing_cell(cell, task)) continue;
    const bool is_number = !column.is_folder && cell_number(cell, task.cells.decimal);
    ++(is_number ? numbers : texts);
    if (!column.is_folder && is_likely_missing(cell)) {
      warnings.push_back(fmt::format("{}: column '{}': {}", list.origin.string(), column.name,
                                     missing_hint(cell)));
    }
    task.class_names.push_back(cell);
  }
  if (texts == 0) {
    task.class_names.clear();
    task.rule = LabelRule::kSteps;  // without any: the number itself
    return task;
  }
  task.classes = std::ssize(task.class_names);
  if (!column.is_folder) std::ranges::sort(task.class_names);
  if (numbers > 0 && !reading.allow_mixtures) {
    task.class_names.clear();  // reported when they are read
  } else if (numbers > 0) {
    warnings.push_back(
        fmt::format("{}: column '{}' mixes numbers and texts", list.origin.string(), column.name));
  }
  return task;
}

// Puts the classes that are known before the others.
void keep_numbers(const std::vector<LabelColumn>& known, Task& task) {
  const auto column = std::ranges::find(known, task.name, &LabelColumn::name);
  if (column == known.end() || column->classes.empty() || task.class_names.empty()) return;
  std::vector<std::string> names = column->classes;
  for (const std::string& name : task.class_names) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  task.class_names = std::move(names);
  task.classes = std::ssize(task.class_names);
}

}  // namespace

ColumnSelection select_columns(const PictureFiles& files, const std::vector<Task>& tasks,
                               const BindingOptions& options) {
  if (data_kind(files.list) != DataKind::kTable) return {};
  const ImageList header = header_of(files);
  if (header.columns.empty()) {
    throw input_error("'{}': no column holds labels", files.list.string())
        .with_hint(
            "predict needs none; a table with labels has a column with them beside the one "
            "with the paths");
  }
  ColumnSelection selection{.all = false};
  for (const std::vector<size_t>& places :
       find_columns(header, tasks, options.columns, options.may_lack_columns)) {
    for (const size_t place : places) selection.places.push_back(static_cast<int>(place));
  }
  return selection;
}

LabelledData open_labelled(PictureFiles files, std::vector<Task>& tasks,
                           const BindingOptions& options) {
  files.table.selection = select_columns(files, tasks, options);
  LabelledData data{.pictures = open_pictures(files), .binding = {}};
  data.binding = bind_labels(*data.pictures, tasks, options);
  check_labels(*data.pictures, tasks, {options.classes_file, options.unknown_class_hint});
  return data;
}

LabelledData open_all_columns(PictureFiles files, const ColumnReading& reading) {
  if (data_kind(files.list) == DataKind::kTable) {
    const ImageList header = header_of(files);
    std::vector<std::string> names = candidate_names(header.columns);
    if (!reading.columns.empty()) {
      (void)choose_label_columns(header.columns, reading.columns, header.origin.string());
      names = reading.columns;
    }
    files.table.selection = {.all = false, .names = names};
  }
  LabelledData data{.pictures = open_pictures(files), .binding = {}};
  const ImageList& list = data.pictures->list();
  std::vector<Task> tasks;
  for (size_t i = 0; i < list.columns.size(); ++i) {
    if (list.columns[i].is_text) {
      tasks.push_back(task_of_column(list, i, reading, data.binding.warnings));
      keep_numbers(reading.known, tasks.back());
    }
  }
  if (tasks.empty()) return data;
  const Binding binding = bind_labels(*data.pictures, tasks);
  data.binding.warnings.insert(data.binding.warnings.end(), binding.warnings.begin(),
                               binding.warnings.end());
  return data;
}

}  // namespace orthrus
