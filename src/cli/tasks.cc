// `orthrus tasks`: what a task file was understood to say, with the labels of a list counted.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/commands.h"
#include "infer/options.h"
#include "model/label_counts.h"
#include "model/labelled_data.h"
#include "tasks/task_file.h"
#include "train/default_tasks.h"
#include "train/task_options.h"

namespace orthrus {

namespace {

std::string classes_text(const Task& task) {
  if (task.classes == 0) return "those that the data name";
  if (task.class_names.empty()) return fmt::format("{}", task.classes);
  return fmt::format("{}: {}", task.classes, fmt::join(task.class_names, ", "));
}

std::string columns_text(const Task& task) {
  if (!task.column_names.empty()) return fmt::format("{}", fmt::join(task.column_names, ", "));
  if (!task.label_columns.empty()) return fmt::format("{}", fmt::join(task.label_columns, ", "));
  if (task.label_width() == 1) return fmt::format("{}", task.label_column);
  return fmt::format("{} to {}", task.label_column, task.label_column + task.classes - 1);
}

std::string step_text(const RuleStep& step, const Task& task, bool last) {
  if (!step.expression.empty()) return step.expression;
  std::vector<std::string> pairs;
  for (const auto& [value, target] : step.table) {
    pairs.push_back(fmt::format(
        "{} is {}", value,
        last ? task.class_name(static_cast<int64_t>(target)) : fmt::format("{}", target)));
  }
  return fmt::format("{}", fmt::join(pairs, ", "));
}

// The rule in words, a step each.
std::vector<std::string> rule_lines(const Task& task) {
  if (task.rule == LabelRule::kPositive) return {"label > 0"};
  std::vector<std::string> lines;
  if (task.rule == LabelRule::kSteps) {
    for (const RuleStep& step : task.steps) {
      lines.push_back(step_text(step, task, &step == &task.steps.back()));
    }
  }
  return lines;
}

std::string loss_text(const Task& task) {
  std::string text = "softmax over the classes";
  if (task.kind == TaskKind::kMultilabel) text = "a sigmoid for each class";
  if (task.kind == TaskKind::kOrdinal) text = "a sigmoid for each step from class to class";
  if (task.weight_by_labels) text += ", weighed by its labels";
  if (task.weight != 1) text += fmt::format(", weight {}", task.weight);
  if (task.balanced) text += ", classes balanced";
  if (task.label_smoothing > 0) text += fmt::format(", label smoothing {}", task.label_smoothing);
  if (task.focal_gamma > 0) text += fmt::format(", focal {}", task.focal_gamma);
  return text;
}

std::string head_text(const Task& task) {
  std::string text = "linear";
  if (!task.hidden.empty()) text = fmt::format("hidden layers of {}", fmt::join(task.hidden, ", "));
  return task.dropout > 0 ? fmt::format("{}, dropout {}", text, task.dropout) : text;
}

const char* text_of(CellMeaning meaning) {
  if (meaning == CellMeaning::kPositive) return "positive";
  return meaning == CellMeaning::kNegative ? "negative" : "missing";
}

void print_cells(std::FILE* out, const CellRule& cells) {
  if (cells.decimal != '.') fmt::print(out, "  decimal    {}\n", cells.decimal);
  if (!cells.separator.empty()) fmt::print(out, "  separator  {}\n", cells.separator);
  if (cells.blank != CellMeaning::kUnset)
    fmt::print(out, "  blank      {}\n", text_of(cells.blank));
  if (cells.uncertain != CellMeaning::kUnset) {
    fmt::print(out, "  uncertain  {}\n", text_of(cells.uncertain));
  }
  if (!cells.positive.empty()) {
    fmt::print(out, "  positive   {}\n", fmt::join(cells.positive, ", "));
  }
  if (!cells.negative.empty()) {
    fmt::print(out, "  negative   {}\n", fmt::join(cells.negative, ", "));
  }
}

void print_counts(std::FILE* out, const Task& task, const LabelCounts& counts) {
  fmt::print(out, "  labels     {} there, {} missing\n", counts.present, counts.missing);
  size_t width = 5;
  for (int64_t k = 0; k < task.classes; ++k) width = std::max(width, task.class_name(k).size());
  const bool weighted = !task.class_weights.empty();
  for (size_t k = 0; k < counts.per_class.size(); ++k) {
    fmt::print(out, "    {:<{}}  {:>8}", task.class_name(static_cast<int64_t>(k)), width,
               counts.per_class[k]);
    if (!counts.zeros.empty()) fmt::print(out, "  of {:>8}", counts.per_class[k] + counts.zeros[k]);
    if (weighted) fmt::print(out, "  weight {:.4g}", task.class_weights[k]);
    fmt::print(out, "\n");
  }
}

void print_task(std::FILE* out, const Task& task, const LabelCounts* counts) {
  fmt::print(out, "{}\n", task.name);
  fmt::print(out, "  classes    {}\n", classes_text(task));
  fmt::print(out, "  column     {}\n", columns_text(task));
  const char* heading = "rule";
  for (const std::string& line : rule_lines(task)) {
    fmt::print(out, "  {:<9}  {}\n", std::exchange(heading, "then"), line);
  }
  if (!task.missing.empty() || !task.cells.missing.empty()) {
    std::vector<std::string> values = task.cells.missing;
    for (const float value : task.missing) values.push_back(fmt::format("{}", value));
    fmt::print(out, "  missing    empty, {}\n", fmt::join(values, ", "));
  }
  print_cells(out, task.cells);
  fmt::print(out, "  loss       {}\n", loss_text(task));
  fmt::print(out, "  head       {}\n", head_text(task));
  if (counts != nullptr) print_counts(out, task, *counts);
}

int run_tasks(const Options& options, CommandContext& context) {
  const Options file = read_task_configuration(options.positionals().front());
  const std::span<const Options> entries = file.section("task");
  std::vector<Task> tasks =
      entries.empty() ? default_tasks(file) : declared_tasks(entries, file.text("table.decimal"));
  const Options& lists = options.has("data.train") ? options : file;
  std::vector<LabelCounts> counts;  // empty without a list
  if (lists.has("data.train")) {
    const LabelledData data = open_labelled(
        {.list = lists.text("data.train"), .folder = {}, .table = table_rules(lists)}, tasks);
    for (const std::string& warning : data.binding.warnings) context.terminal.print_line(warning);
    counts = count_labels(data.pictures->list(), tasks);
    weigh_by_counts(tasks, counts);
  }
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (i > 0) fmt::print(context.out, "\n");
    print_task(context.out, tasks[i], counts.empty() ? nullptr : &counts[i]);
  }
  return 0;
}

}  // namespace

Command make_tasks_command() {
  Command command = {
      .name = "tasks",
      .summary = "Explain a file of tasks, and count the labels of a list by it",
      .syntax = {.positionals = {{.name = "FILE",
                                  .help = "TOML file with [[task]] tables, alone or as part of a "
                                          "configuration.",
                                  .required = true}}},
      .examples = {"orthrus tasks flowers.toml --data-train train.lst"},
      .run = run_tasks};
  command.options.add(
      OptionSpec{.key = "data.train",
                 .flag = "--data-train",
                 .value_name = "LIST",
                 .help = "List whose labels are counted; the file's own data.train when not given.",
                 .group = "Data"});
  command.options.add(table_options());
  return command;
}

}  // namespace orthrus
