#include "tasks/task_file.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/options_parse.h"
#include "base/suggest.h"
#include "tasks/options.h"
#include "tasks/task_entry.h"

namespace orthrus {
namespace {

// Reads the entries in the order in which they depend on each other.
class TaskFileReader {
 public:
  explicit TaskFileReader(std::span<const Options> entries)
      : entries_(entries), tasks_(entries.size()), open_(entries.size(), false) {}

  std::vector<Task> read() {
    for (const Options& entry : entries_) check_name(entry);
    std::vector<Task> all;
    for (size_t i = 0; i < entries_.size(); ++i) all.push_back(task(i));
    return all;
  }

 private:
  void check_name(const Options& entry) {
    const std::string name = entry.text("name");
    if (name.empty()) {
      throw usage_error("{}: a task without a name", entry.entry_where())
          .with_hint("name = \"colour\"");
    }
    const bool plain = std::ranges::none_of(
        name, [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '/' || c == '"'; });
    if (!plain || name.size() > 128) {
      throw usage_error(
          "{}: '{}' is no name for a task: it has blanks, quotes or slashes, or over "
          "128 characters",
          entry.where("name"), name);
    }
    const auto first = std::ranges::find(names_, name);
    if (first != names_.end()) {
      const auto place = static_cast<size_t>(first - names_.begin());
      throw usage_error("{}: two tasks are named '{}' (the other: {})", entry.where("name"), name,
                        entries_[place].where("name"));
    }
    names_.push_back(name);
  }

  const Task& task(size_t index) {
    if (tasks_[index]) return *tasks_[index];
    const Options& entry = entries_[index];
    const Task* from = nullptr;
    if (entry.has("from")) {
      open_[index] = true;
      from = &task(source_of(entry));
      open_[index] = false;
    }
    tasks_[index] = read_task(entry, from);
    return *tasks_[index];
  }

  size_t source_of(const Options& entry) const {
    const std::string name = entry.text("from");
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) {
      std::string hint = did_you_mean(name, names_);
      if (hint.empty()) hint = fmt::format("the tasks are: {}", fmt::join(names_, ", "));
      throw usage_error("{}: there is no task '{}'", entry.where("from"), name)
          .with_hint(std::move(hint));
    }
    const auto index = static_cast<size_t>(found - names_.begin());
    if (open_[index]) {
      throw usage_error("{}: the task '{}' is derived from itself, by way of '{}'",
                        entry.where("from"), entry.text("name"), name)
          .with_hint("one of them has to read a column");
    }
    return index;
  }

  std::span<const Options> entries_;
  std::vector<std::string> names_;
  std::vector<std::optional<Task>> tasks_;
  std::vector<bool> open_;  // being read: reached again, it is a cycle
};

}  // namespace

std::vector<Task> declared_tasks(std::span<const Options> entries, const std::string& decimal) {
  std::vector<Options> complete(entries.begin(), entries.end());
  for (Options& entry : complete) {
    const bool own = entry.origin("decimal") != OptionOrigin::kDefault;
    if (!own && !entry.has("from")) entry.resolve("decimal", decimal);
  }
  return TaskFileReader(complete).read();
}

std::vector<Options> read_task_file(const std::filesystem::path& path) {
  OptionTable table;
  table.add(OptionSpec{.key = "table.decimal",
                       .key_aliases = {"decimal"},
                       .type = OptionType::kChoice,
                       .default_text = ".",
                       .choices = {".", ","}});
  table.add_section("task", task_section());
  Options options(table);
  read_option_file(path, options);
  const std::span<const Options> entries = options.section("task");
  if (entries.empty()) {
    throw usage_error("'{}' holds no task", path.string())
        .with_hint("each begins with a line [[task]]");
  }
  std::vector<Options> tasks(entries.begin(), entries.end());
  for (Options& entry : tasks) {
    const bool own = entry.given("decimal") || entry.has("from");
    if (!own && options.given("table.decimal")) {
      entry.resolve("decimal", options.text("table.decimal"));
    }
  }
  return tasks;
}

}  // namespace orthrus
