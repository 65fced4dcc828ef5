#include "train/task_options.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/options_parse.h"
#include "base/suggest.h"
#include "model/options.h"
#include "tasks/task_file.h"
#include "tasks/weighting/weighting.h"
#include "train/options.h"

namespace orthrus {
namespace {

// What tasks.preset says where the tasks are the [[task]] tables.
constexpr const char* kDeclared = "declared";

bool is_preset(const std::string& text) {
  return text == "classic" || text == "class";
}

Error no_task_file(const Options& options, const std::string& text) {
  const std::string hint = did_you_mean(text, std::vector<std::string>{"classic", "class"});
  return usage_error("{}: '{}' is neither classic nor class, and no file of that name is there",
                     options.where("tasks.preset"), text)
      .with_hint(hint.empty() ? "give a TOML file with [[task]] tables" : hint);
}

std::vector<Task> preset_tasks(const Options& options) {
  const bool known = options.has("data.num_classes");
  std::vector<Task> tasks = classic_tasks(known ? options.integer("data.num_classes") : 0);
  if (options.text("tasks.preset") == "class") tasks.resize(1);
  return tasks;
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
    options.replace_section("task", read_task_file(preset));
  } else if (tables && options.given("tasks.preset")) {
    options.replace_section("task", {});  // a flag goes before the file
  }
  if (!options.section("task").empty()) options.resolve("tasks.preset", kDeclared);
  return options;
}

Options read_task_configuration(const std::filesystem::path& path) {
  Options options(train_table());
  read_option_file(path, options);
  if (options.section("task").empty()) {
    throw usage_error("'{}' holds no task", path.string())
        .with_hint("each begins with a line [[task]]");
  }
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
  const bool asked = options.has("data.num_classes") || options.given("tasks.preset");
  if (!entries.empty()) {
    tasks = declared_tasks(entries);
  } else if (asked || tasks.empty()) {
    tasks = preset_tasks(options);
  }
  const std::vector<std::string> names = class_names_of(options);
  if (names.empty()) return tasks;
  // Names that are given take the place of the model's.
  const auto named = std::ranges::find(tasks, std::ssize(names), &Task::classes);
  if (named != tasks.end()) named->class_names.clear();
  name_classes(tasks, names, options.text("model.classes"));
  return tasks;
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
