#include "model/label_columns.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/suggest.h"
#include "data/class_folders.h"
#include "data/column_choice.h"

namespace orthrus {
namespace {

// A task's columns as it knows them: names, or numbers where it has none.
struct KnownColumns {
  std::vector<std::string> names;
  std::vector<size_t> numbers;
};

KnownColumns known_columns(const Task& task) {
  KnownColumns known{.names = task.column_names, .numbers = {}};
  if (!task.label_columns.empty()) {
    for (const int column : task.label_columns) {
      known.numbers.push_back(static_cast<size_t>(column));
    }
    return known;
  }
  const bool one_cell = task.kind != TaskKind::kMultilabel || !task.cells.separator.empty();
  known.numbers.resize(one_cell ? 1 : static_cast<size_t>(task.classes));
  std::iota(known.numbers.begin(), known.numbers.end(), static_cast<size_t>(task.label_column));
  return known;
}

class ColumnFinder {
 public:
  ColumnFinder(const ImageList& list, const std::vector<Task>& tasks,
               const std::vector<std::string>& asked, bool may_lack_columns)
      : list_(list), tasks_(tasks), may_lack_columns_(may_lack_columns) {
    for (const Task& task : tasks) known_.push_back(known_columns(task));
    if (asked.empty()) return;
    if (!names_columns(list)) {
      throw usage_error("--label-column {}: '{}' does not name its columns", fmt::join(asked, ","),
                        list.origin.string())
          .with_hint("only tables name them");
    }
    rename(asked);
  }

  TaskColumns find() {
    TaskColumns columns;
    const bool folders = !list_.columns.empty() && list_.columns.front().is_folder;
    for (size_t task = 0; task < tasks_.size(); ++task) {
      columns.push_back(folders                ? in_folders(task)
                        : names_columns(list_) ? by_name(task)
                                               : by_place(task));
    }
    const bool none = std::ranges::all_of(columns, &std::vector<size_t>::empty);
    if (none && !tasks_.empty()) throw *first_lack_;
    return columns;
  }

 private:
  // A column as all tasks know it, for counting the different ones.
  using Key = std::pair<std::vector<std::string>, std::vector<size_t>>;

  static Key key_of(const KnownColumns& known) {
    return {known.names, known.names.empty() ? known.numbers : std::vector<size_t>()};
  }

  std::vector<Key> different_columns() const {
    std::vector<Key> keys;
    for (const KnownColumns& known : known_) {
      Key key = key_of(known);
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(std::move(key));
    }
    return keys;
  }

  // The names that the user gave take the place of those that the tasks know.
  void rename(const std::vector<std::string>& asked) {
    const std::vector<Key> keys = different_columns();
    size_t wanted = 0;
    for (const auto& [names, numbers] : keys) wanted += std::max(names.size(), numbers.size());
    if (asked.size() != wanted) {
      throw usage_error("--label-column names {} columns, but the tasks read {}", asked.size(),
                        wanted);
    }
    std::vector<std::vector<std::string>> renamed;
    auto next = asked.begin();
    for (const auto& [names, numbers] : keys) {
      const auto count = static_cast<std::ptrdiff_t>(std::max(names.size(), numbers.size()));
      renamed.emplace_back(next, next + count);
      next += count;
    }
    for (KnownColumns& known : known_) {
      const Key key = key_of(known);
      known.names = renamed[static_cast<size_t>(std::ranges::find(keys, key) - keys.begin())];
    }
  }

  std::vector<size_t> lack(const Error& error) {
    if (!may_lack_columns_) throw error;
    if (!first_lack_) first_lack_ = error;
    return {};
  }

  std::vector<size_t> by_name(size_t index) {
    const Task& task = tasks_[index];
    const KnownColumns& known = known_[index];
    if (known.names.empty()) return by_choice(index);
    std::vector<size_t> places;
    for (const std::string& name : known.names) {
      const auto found = std::ranges::find(list_.columns, name, &LabelColumn::name);
      if (found == list_.columns.end()) return lack(no_column(task, name));
      if (std::ranges::count(list_.columns, name, &LabelColumn::name) > 1) {
        throw input_error("'{}': several columns are named '{}'", list_.origin.string(), name);
      }
      places.push_back(static_cast<size_t>(found - list_.columns.begin()));
    }
    return places;
  }

  Error no_column(const Task& task, const std::string& name) const {
    std::vector<std::string> names;
    for (const LabelColumn& column : list_.columns) names.push_back(column.name);
    std::string hint = did_you_mean(name, names);
    if (hint.empty()) hint = fmt::format("its columns are: {}", fmt::join(names, ", "));
    return input_error("task '{}' reads the column '{}', which '{}' does not have", task.name, name,
                       list_.origin.string())
        .with_hint(fmt::format("{}; --label-column names another one", hint));
  }

  // A task that knows no name: by the number that its author gave, or that it had among others;
  // otherwise the label column has to be plain.
  std::vector<size_t> by_choice(size_t index) {
    const Task& task = tasks_[index];
    const bool is_first_everywhere = std::ranges::all_of(known_, [](const KnownColumns& known) {
      return !known.names.empty() || known.numbers == std::vector<size_t>{0};
    });
    if (task.by_place || !is_first_everywhere) {
      for (const size_t number : known_[index].numbers) {
        if (number < list_.columns.size()) continue;
        return lack(input_error("task '{}' reads label column {}, but '{}' has {}", task.name,
                                number, list_.origin.string(), list_.columns.size())
                        .with_hint("columns count from 0"));
      }
      return known_[index].numbers;
    }
    return choose_label_columns(list_.columns, {}, list_.origin.string());
  }

  // The folders are the classes of one column: the only one, or one whose classes they are.
  std::vector<size_t> in_folders(size_t index) {
    const Task& task = tasks_[index];
    const KnownColumns& known = known_[index];
    const auto is_folder_name = [](const std::string& name) { return name == kFolderColumn; };
    const bool fits = task.kind != TaskKind::kMultilabel &&
                      (known.names.empty() ? known.numbers.front() == 0
                                           : std::ranges::all_of(known.names, is_folder_name));
    if (fits || different_columns().size() == 1) return {0};
    const Task& root = root_task(tasks_, task);
    const std::vector<std::string>& folders = list_.columns.front().cells;
    const bool same_classes =
        !root.class_names.empty() && std::ranges::all_of(folders, [&](const std::string& name) {
          return std::ranges::find(root.class_names, name) != root.class_names.end();
        });
    if (same_classes && task.kind != TaskKind::kMultilabel) return {0};
    return lack(input_error("task '{}' reads {}, but '{}' is a folder with a sub-folder per class",
                            task.name,
                            known.names.empty() ? fmt::format("label column {}", known.numbers[0])
                                                : fmt::format("the column '{}'", known.names[0]),
                            list_.origin.string())
                    .with_hint("give a list or table with the labels of all tasks"));
  }

  // The list names nothing: a name says nothing then, unless there is one column and it is read.
  std::vector<size_t> by_place(size_t index) {
    const KnownColumns& known = known_[index];
    if (known.names.empty()) return known.numbers;
    if (list_.label_columns == 1 && known.names.size() == 1 && different_columns().size() == 1) {
      return {0};
    }
    return lack(
        input_error("task '{}' reads the column '{}', but the columns of '{}' have no names",
                    tasks_[index].name, known.names.front(), list_.origin.string())
            .with_hint("give a table whose header names them, or write the column's number, "
                       "from 0, in the task's table"));
  }

  const ImageList& list_;
  const std::vector<Task>& tasks_;
  bool may_lack_columns_;
  std::vector<KnownColumns> known_;  // of each task
  std::optional<Error> first_lack_;
};

}  // namespace

bool names_columns(const ImageList& list) {
  return std::ranges::any_of(list.columns, [](const LabelColumn& column) {
    return !column.name.empty() && !column.is_folder;
  });
}

TaskColumns find_columns(const ImageList& list, const std::vector<Task>& tasks,
                         const std::vector<std::string>& asked, bool may_lack_columns) {
  return ColumnFinder(list, tasks, asked, may_lack_columns).find();
}

}  // namespace orthrus
