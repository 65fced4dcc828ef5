// `orthrus runs`: the runs in a folder as a table, and how some of them differ.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/options_parse.h"
#include "cli/commands.h"
#include "cli/model_argument.h"
#include "train/run_summary.h"

namespace orthrus {

namespace {

using TableRow = std::vector<std::string>;

// Columns as wide as their widest cell.
void print_table(std::FILE* out, const std::vector<TableRow>& rows) {
  std::vector<size_t> widths;
  for (const TableRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const TableRow& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print(out, "{}\n", line);
  }
}

std::string accuracies(const RunSummary& run) {
  std::vector<std::string> parts;
  for (const TaskSummary& task : run.tasks) {
    if (task.accuracy) parts.push_back(fmt::format("{} {:.4f}", task.task, *task.accuracy));
  }
  return parts.empty() ? "-" : fmt::format("{}", fmt::join(parts, ", "));
}

TableRow row_of(const RunSummary& run) {
  return {run.folder.string(),
          to_string(run.state),
          fmt::format("{}/{}", run.epochs, run.asked),
          run.epochs > 0 ? std::to_string(run.best_epoch) : "-",
          accuracies(run),
          fmt::format("{:.0f}", run.seconds),
          run.options.text("model.source")};
}

nlohmann::ordered_json json_of(const RunSummary& run) {
  nlohmann::ordered_json tasks = nlohmann::ordered_json::array();
  for (const TaskSummary& task : run.tasks) {
    nlohmann::ordered_json entry = {{"task", task.task}};
    if (task.accuracy) entry["accuracy"] = *task.accuracy;
    if (task.loss) entry["loss"] = *task.loss;
    tasks.push_back(entry);
  }
  return {{"folder", run.folder.string()},
          {"state", to_string(run.state)},
          {"epochs", run.epochs},
          {"asked", run.asked},
          {"best_epoch", run.best_epoch},
          {"seconds", run.seconds},
          {"model", run.options.text("model.source")},
          {"tasks", tasks}};
}

// What the runs were asked to do differently, an option per row.
void print_differences(std::FILE* out, const std::vector<RunSummary>& runs) {
  TableRow head = {"option"};
  for (const RunSummary& run : runs) head.push_back(run.folder.string());
  std::vector<TableRow> rows = {head};
  for (const OptionSpec& spec : runs.front().options.table().specs()) {
    TableRow row = {spec.key};
    for (const RunSummary& run : runs) {
      const std::string text = run.options.text(spec.key);
      row.push_back(text.empty() ? "-" : text);
    }
    const bool differ = !std::ranges::all_of(
        row.begin() + 2, row.end(), [&](const std::string& text) { return text == row[1]; });
    if (differ && spec.key != "train.run" && spec.key != "train.save_result") rows.push_back(row);
  }
  if (rows.size() == 1) {
    fmt::print(out, "\nthe options are the same\n");
    return;
  }
  fmt::print(out, "\n");
  print_table(out, rows);
}

int run_runs(const Options& options, CommandContext& context) {
  std::vector<std::filesystem::path> folders;
  for (const std::string& argument : options.positionals()) {
    const std::filesystem::path named = std::filesystem::path("runs") / argument;
    folders.push_back(std::filesystem::exists(argument) ? std::filesystem::path(argument) : named);
  }
  const bool compare = !folders.empty();
  if (!compare) folders = run_folders("runs");
  std::vector<RunSummary> runs;
  for (const std::filesystem::path& folder : folders) {
    try {
      runs.push_back(summarise_run(folder));
    } catch (const Error& error) {
      if (compare) throw;
      context.terminal.print_line(error.message());
    }
  }
  if (options.boolean("json")) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const RunSummary& run : runs) list.push_back(json_of(run));
    fmt::print(context.out, "{}\n",
               list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return 0;
  }
  if (runs.empty()) {
    context.terminal.print_line("no runs in runs/");
    return 0;
  }
  std::vector<TableRow> rows = {
      {"run", "state", "epochs", "best", "validation accuracy there", "seconds", "model"}};
  for (const RunSummary& run : runs) rows.push_back(row_of(run));
  print_table(context.out, rows);
  if (runs.size() > 1 && compare) print_differences(context.out, runs);
  return 0;
}

}  // namespace

Command make_runs_command() {
  Command command = {.name = "runs",
                     .summary = "List the runs in runs/, or compare some of them",
                     .syntax = {.positionals = {{.name = "RUN",
                                                 .help = "Folder of a run, or its name in runs/.",
                                                 .repeated = true}}},
                     .examples = {"orthrus runs", "orthrus runs 0001 0002"},
                     .run = run_runs};
  command.options.add(json_option());
  return command;
}

}  // namespace orthrus
