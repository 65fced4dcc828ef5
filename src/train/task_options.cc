#include "train/task_options.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/options_parse.h"
#include "base/suggest.h"
#include "model/options.h"
#include "tasks/task_file.h"
#include "tasks/weighting/weighting.h"
#include "train/config_paths.h"
#include "train/default_tasks.h"
#include "train/options.h"
#include "train/run_options.h"
#include "train/sources.h"

namespace orthrus {
namespace {

// What tasks.preset says where the tasks are the [[task]] tables.
constexpr const char* kDeclared = "declared";

bool is_preset(const std::string& text) {
  return text == "auto" || text == "model" || text == "classic" || text == "class";
}

Error no_task_file(const Options& options, const std::string& text) {
  const std::string hint =
      did_you_mean(text, std::vector<std::string>{"auto", "model", "classic", "class"});
  return usage_error("{}: '{}' is not auto, model, classic or class, nor a file that is there",
                     options.where("tasks.preset"), text)
      .with_hint(hint.empty() ? "give a TOML file with [[task]] tables" : hint);
}

}  // namespace

Options with_declared_tasks(Options options) {
  const std::string preset = options.text("tasks.preset");
  const bool tables = !options.section("task").empty();
  const OptionOrigin origin = options.origin("tasks.preset");
  const bool beside = origin == OptionOrigin::kFile;
  if (preset == kDeclared && !tables) {
    throw usage_error("{}: there is no [[task]] table", options.where("tasks.preset"));
  }
  if (tables && beside && preset != kDeclared) {
    throw usage_error("{}: '{}', and there are [[task]] tables too", options.where("tasks.preset"),
                      preset)
        .with_hint("keep one of them");
  }
  if (preset == kDeclared) return options;
  if (!is_preset(preset)) {
    if (!std::filesystem::exists(preset)) throw no_task_file(options, preset);
    options.replace_section("task", with_located_classes(read_task_file(preset), preset));
  } else if (tables && options.given("tasks.preset")) {
    options.replace_section("task", {});  // a flag goes before the file
  }
  if (!options.section("task").empty()) options.resolve("tasks.preset", kDeclared);
  return options;
}

Options with_former_tasks(Options options) {
  const std::optional<std::filesystem::path> folder = named_run_folder(options);
  if (!options.boolean("train.resume") || !folder) return options;
  const std::filesystem::path config = *folder / "config.toml";
  if (!std::filesystem::exists(config)) return options;
  const std::string text = read_text(config);
  Options former(train_table());
  read_option_text(text, config.string(), former);
  const std::string preset = former.text("tasks.preset");
  if (!options.given("tasks.preset") && options.section("task").empty() && is_preset(preset)) {
    options.set("tasks.preset", {preset}, OptionOrigin::kFile, config.string());
  }
  const std::string now = options.text("tasks.preset");
  const bool reads_label = now == "classic" || now == "class";
  if (!written_before_label_columns(text) || options.has("data.label_column") || !reads_label) {
    return options;
  }
  // Earlier builds read the first label column of a table.
  const PictureFiles files = sources_of(options).front().files;
  if (data_kind(files.list) != DataKind::kTable) return options;
  const std::vector<LabelColumn> columns = table_columns(files.list, files.table);
  if (columns.empty()) return options;
  options.set("data.label_column", {columns.front().name}, OptionOrigin::kFile, config.string());
  return options;
}

bool written_before_label_columns(const std::string& config) {
  return config.find("\nlabel_column = ") == std::string::npos;
}

Options read_task_configuration(const std::filesystem::path& path) {
  Options options(train_table());
  read_option_file(path, options);
  if (options.section("task").empty() && !options.given("tasks.preset")) {
    throw usage_error("'{}' holds no task", path.string())
        .with_hint("each begins with a line [[task]]");
  }
  options.replace_section("task", with_located_classes(options.section("task"), path));
  return options;
}

std::span<const Options> task_entries(const Options& options) {
  const auto declared = options.table().sections();
  const bool has_section =
      std::ranges::find(declared, "task", &OptionSection::name) != declared.end();
  return has_section ? options.section("task") : std::span<const Options>();
}

std::vector<Task> tasks_of(const Options& options, std::vector<Task> own) {
  std::vector<Task> tasks = std::move(own);
  const std::span<const Options> entries = task_entries(options);
  if (!entries.empty()) {
    if (options.has("data.label_column")) {
      throw usage_error("{}: the [[task]] tables name the columns of their tasks",
                        options.where("data.label_column"))
          .with_hint("keep one of them");
    }
    tasks = declared_tasks(entries, options.text("table.decimal"));
  } else if (!keeps_own_tasks(options, tasks)) {
    tasks = default_tasks(options);
  }
  const std::vector<std::string> names = class_names_of(options);
  if (names.empty()) return tasks;
  // Names that are given take the place of the model's.
  const auto named = std::ranges::find(tasks, std::ssize(names), &Task::classes);
  if (named != tasks.end()) named->class_names.clear();
  name_classes(tasks, names, options.text("model.classes"));
  return tasks;
}

bool keeps_own_tasks(const Options& options, const std::vector<Task>& own) {
  if (!task_entries(options).empty()) return false;
  if (options.text("tasks.preset") == "model") {
    if (!own.empty()) return true;
    throw usage_error("{}: the model has no tasks of its own", options.where("tasks.preset"));
  }
  return !own.empty() && !options.has("data.num_classes") && !options.given("tasks.preset");
}

void check_weighting(const Options& options, const std::vector<Task>& tasks) {
  const std::string name = options.text("tasks.weighting");
  if (options.real("optimizer.sam") > 0 &&
      make_weighting(name, {.tasks = tasks.size(), .momentum = 0, .seed = 0})
          ->looks_at_gradients()) {
    throw usage_error("{} and {} {} do not go together", options.where("optimizer.sam"),
                      options.where("tasks.weighting"), name)
        .with_hint("choose a weighting by losses, such as logsum, or leave one of them out");
  }
  if (name != "equal") return;
  for (const Task& task : tasks) {
    if (task.weight == 1 && !task.weight_by_labels) continue;
    throw usage_error("{}: equal, but the task '{}' declares the weight {}",
                      options.where("tasks.weighting"), task.name,
                      task.weight_by_labels ? "labels" : fmt::format("{}", task.weight))
        .with_hint("leave the option out (fixed), or the weight");
  }
}

}  // namespace orthrus
