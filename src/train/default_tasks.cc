#include "train/default_tasks.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "data/class_folders.h"
#include "data/column_choice.h"
#include "train/sources.h"

namespace orthrus {
namespace {

// A column's name may hold what a task's may not.
std::string task_name(const std::string& column) {
  constexpr size_t kMostBytes = 128;
  std::string name = column.substr(0, kMostBytes);
  std::ranges::replace_if(
      name, [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '/' || c == '"'; }, '_');
  return name;
}

Task column_task(const std::string& column) {
  const std::string name = task_name(column);
  return {.name = name, .head = "fc_" + name, .column_names = {column}};
}

void check_distinct_names(const std::vector<Task>& tasks) {
  for (size_t i = 0; i < tasks.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (tasks[i].name != tasks[k].name) continue;
      throw input_error("the columns '{}' and '{}' give two tasks the name '{}'",
                        tasks[k].column_names.front(), tasks[i].column_names.front(), tasks[i].name)
          .with_hint("declare the tasks: --tasks FILE with [[task]] tables");
    }
  }
}

std::vector<Task> tasks_for(const ResolvedTasks& resolved) {
  const std::vector<std::string>& columns = resolved.columns;
  if (resolved.preset == "auto") {
    std::vector<Task> tasks;
    for (const std::string& column : columns) tasks.push_back(column_task(column));
    // The folders' column is no name that a table would have.
    if (tasks.empty()) {
      tasks.push_back(column_task(kFolderColumn));
      tasks.front().column_names.clear();
    }
    check_distinct_names(tasks);
    return tasks;
  }
  std::vector<Task> tasks = classic_tasks(0);
  if (resolved.preset == "class") tasks.resize(1);
  if (columns.size() > 1) {
    throw usage_error("--tasks {} reads one label column, and --label-column names {}",
                      resolved.preset, columns.size())
        .with_hint("--tasks auto makes a task of each");
  }
  for (Task& task : tasks) task.column_names = columns;
  return tasks;
}

// The columns of one data set that hold labels by default, or those asked for that it has.
std::vector<std::string> label_columns_of(const PictureFiles& files, DataKind kind,
                                          const std::vector<std::string>& asked, size_t sources) {
  std::vector<LabelColumn> columns;
  for (const std::string& name : files.columns) columns.push_back({.name = name});
  if (kind == DataKind::kTable && columns.empty()) columns = table_columns(files.list, files.table);
  if (columns.empty()) return {};
  std::vector<std::string> own;
  for (const std::string& name : asked) {
    const bool has = std::ranges::find(columns, name, &LabelColumn::name) != columns.end();
    if (has || sources == 1) own.push_back(name);
  }
  if (own.empty() && !asked.empty()) return {};
  std::vector<std::string> names;
  for (const size_t place : choose_label_columns(columns, own, files.list.string())) {
    names.push_back(columns[place].name);
  }
  return names;
}

}  // namespace

ResolvedTasks resolve_tasks(const Options& options) {
  ResolvedTasks resolved{.preset = options.text("tasks.preset"), .columns = {}};
  const std::vector<std::string>& asked = options.list("data.label_column");
  const std::vector<TrainSource> sources = sources_of(options);
  bool folders = false;
  for (const TrainSource& source : sources) {
    const DataKind kind = data_kind(source.files.list);
    folders = folders || kind == DataKind::kFolders;
    for (const std::string& name : label_columns_of(source.files, kind, asked, sources.size())) {
      if (std::ranges::find(resolved.columns, name) == resolved.columns.end()) {
        resolved.columns.push_back(name);
      }
    }
  }
  if (resolved.columns.empty() && !asked.empty()) {
    throw usage_error("{}: '{}' does not name its columns", options.where("data.label_column"),
                      sources.front().files.list.string())
        .with_hint("only tables name them");
  }
  if (resolved.preset == "auto" && resolved.columns.empty() && !folders) {
    resolved.preset = "classic";
  }
  return resolved;
}

std::vector<Task> default_tasks(const Options& options) {
  std::vector<Task> tasks = tasks_for(resolve_tasks(options));
  if (options.has("data.num_classes")) {
    tasks.front().classes = options.integer("data.num_classes");
  }
  for (Task& task : tasks) task.cells.decimal = options.text("table.decimal").front();
  return tasks;
}

}  // namespace orthrus
