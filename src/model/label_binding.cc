#include "model/label_binding.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "base/error.h"
#include "data/similar_names.h"
#include "data/text_lines.h"
#include "model/cell_problems.h"
#include "model/column_groups.h"
#include "model/label_columns.h"
#include "model/number_classes.h"
#include "tasks/cells.h"

namespace orthrus {
namespace {

class LabelBinder {
 public:
  LabelBinder(Pictures& pictures, std::vector<Task>& tasks, const BindingOptions& options)
      : pictures_(pictures),
        list_(pictures.list()),
        tasks_(tasks),
        options_(options),
        problems_(pictures) {
    columns_ = list_.columns;
    columns_.resize(static_cast<size_t>(list_.label_columns));
  }

  Binding run() {
    places_ = find_columns(list_, tasks_, options_.columns, options_.may_lack_columns);
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (places_[i].empty()) {
        result_.absent.push_back(i);
      } else {
        note_columns(i);
      }
    }
    if (stays_as_it_is()) {
      note_places();
      count_classes();
      warn_of_numbers();
      return std::move(result_);
    }
    groups_ = group_columns(columns_, tasks_, places_, list_.origin.string());
    decode();
    return std::move(result_);
  }

 private:
  // Classes such as 1 to 5, learned from a table: a list may have the names or the numbers.
  [[nodiscard]] bool named_by_numbers(const Task& task) const {
    return options_.settled && task.named_cells && is_single_identity(task) &&
           names_are_numbers(task);
  }

  // The names with which the task finds its columns in other data.
  void note_columns(size_t index) {
    Task& task = tasks_[index];
    task.positions.clear();
    if (!names_columns(list_)) return;
    task.column_names.clear();
    for (const size_t place : places_[index]) {
      task.column_names.push_back(columns_[place].name);
    }
  }

  // The numbers of the columns, where the labels stay in them.
  void note_places() {
    for (size_t i = 0; i < tasks_.size(); ++i) {
      Task& task = tasks_[i];
      const std::vector<size_t>& places = places_[i];
      if (task.column_names.empty()) continue;
      task.label_column = static_cast<int>(places.front());
      if (places.size() > 1 || !task.label_columns.empty()) {
        task.label_columns.assign(places.begin(), places.end());
      }
    }
  }

  // Numbers that the tasks read where they are.
  [[nodiscard]] bool stays_as_it_is() const {
    if (!result_.absent.empty()) return false;
    for (size_t i = 0; i < tasks_.size(); ++i) {
      const CellRule& cells = tasks_[i].cells;
      if (named_by_numbers(tasks_[i])) return false;
      const bool plain = cells.separator.empty() && cells.blank == CellMeaning::kUnset &&
                         cells.uncertain == CellMeaning::kUnset && cells.positive.empty() &&
                         cells.negative.empty();
      if (!plain) return false;
      for (const size_t place : places_[i]) {
        if (place < columns_.size() && columns_[place].is_text) return false;
      }
    }
    return true;
  }

  // A list's label is the number of a class, which is easily another one where the model learned
  // the classes by their names.
  void warn_of_numbers() {
    if (!options_.settled) return;
    constexpr size_t kMostShown = 10;
    for (const Task& task : tasks_) {
      if (!is_single_identity(task) || !task.named_cells) continue;
      std::vector<std::string> pairs;
      for (size_t k = 0; k < std::min(task.class_names.size(), kMostShown); ++k) {
        pairs.push_back(fmt::format("{} is {}", k, shown(task.class_names[k])));
      }
      result_.warnings.push_back(
          fmt::format("{}: its numbers are taken for those of the classes of task '{}': {}{}",
                      list_.origin.string(), task.name, fmt::join(pairs, ", "),
                      task.class_names.size() > kMostShown ? ", ..." : ""));
    }
  }

  // Of tasks that leave their classes to the data, from the numbers in a list.
  void count_classes() {
    for (size_t i = 0; i < tasks_.size(); ++i) {
      Task& task = tasks_[i];
      if (task.classes == 0) task.classes = count_number_classes(list_, task, places_[i].front());
    }
  }

  void decode() {
    int width = 0;
    std::vector<std::vector<CellLabels>> decoded;  // of each group, by place
    for (ColumnGroup& group : groups_) {
      std::vector<CellLabels>& labels = decoded.emplace_back();
      for (const size_t place : group.places) labels.push_back(decode_column(group, place));
      group.position = width;
      group.width = 0;
      for (const CellLabels& column : labels) group.width += static_cast<int>(column.width);
      width += group.width;
    }
    problems_.throw_if_any(options_.unknown_class_hint);
    for (size_t i = 0; i < groups_.size(); ++i) take_classes(groups_[i], decoded[i]);
    const int absent = width;
    if (!result_.absent.empty()) add_absent(absent, width);
    write_labels(decoded, width);
  }

  CellLabels decode_column(const ColumnGroup& group, size_t place) {
    const Task& lead = tasks_[group.lead];
    const LabelColumn& column = columns_[place];
    if (!column.is_text) return decode_numbers(group, place);
    CellLabels labels;
    switch (group.decoding) {
      case Decoding::kClasses:
        labels = class_cells(column.cells, lead,
                             {.name = column.name,
                              .rows = list_.entries.size(),
                              .folders = column.is_folder,
                              .settled = options_.settled});
        break;
      case Decoding::kNumbers:
        labels = number_cells(column.cells, lead);
        break;
      case Decoding::kBinary:
        labels = binary_cells(column.cells, lead);
        break;
      case Decoding::kTags:
        labels = tag_cells(column.cells, lead);
        break;
    }
    for (const CellProblem& problem : labels.problems) problems_.add(place, problem);
    for (const std::string& warning : labels.warnings) {
      result_.warnings.push_back(list_.origin.string() + ": " + warning);
    }
    return labels;
  }

  // Of a list: the numbers stay, but where they may be the names of classes.
  CellLabels decode_numbers(const ColumnGroup& group, size_t place) {
    const Task& lead = tasks_[group.lead];
    if (group.decoding != Decoding::kClasses || !named_by_numbers(lead)) return {};
    bool names = true, numbers = true;
    std::vector<float> values;
    for (const std::string& name : lead.class_names) {
      values.push_back(static_cast<float>(*cell_number(name, lead.cells.decimal)));
    }
    for (const ListEntry entry : list_.entries) {
      const float label = entry.labels[place];
      if (std::isnan(label)) continue;
      names = names && std::ranges::find(values, label) != values.end();
      numbers = numbers && label >= 0 && label < static_cast<float>(values.size());
    }
    if (names && numbers) {
      throw input_error(
          "'{}': its labels could be the names of the classes of task '{}' ({}) or "
          "their numbers from 0",
          list_.origin.string(), lead.name, fmt::join(lead.class_names, ", "))
          .with_hint("give a table whose column has the names");
    }
    if (names) values_of_names_[group.lead] = std::move(values);
    return {};
  }

  // What the cells say of the classes goes to the tasks that make classes of them.
  void take_classes(const ColumnGroup& group, std::vector<CellLabels>& decoded) {
    if (group.decoding != Decoding::kClasses && group.decoding != Decoding::kTags) return;
    const CellLabels& found = decoded.front();
    for (const size_t index : group.tasks) {
      Task& task = tasks_[index];
      if (group.decoding == Decoding::kClasses && !is_single_identity(task)) continue;
      const size_t place = group.places.front();
      const bool from_data = task.classes == 0;
      if (from_data) {
        task.classes =
            columns_[place].is_text ? found.classes : count_number_classes(list_, task, place);
      }
      if (found.classes != 0 && task.classes != found.classes) throw other_count(task, found);
      const bool named_by_data = task.class_names.empty() && !found.class_names.empty();
      if (named_by_data) task.class_names = found.class_names;
      if (!options_.settled && group.decoding == Decoding::kClasses) {
        task.named_cells = found.named;
        if (named_by_data && names_are_numbers(task)) refuse_places(group, task);
        if (!columns_[place].is_folder) report_similar(task);
      }
      const int64_t least = task.kind == TaskKind::kMultilabel ? 1 : 2;
      if (from_data && task.classes < least) throw too_few_classes(group, task);
    }
  }

  // What is derived from the class would see its place, 0, 1, 2, ..., and not its number.
  void refuse_places(const ColumnGroup& group, const Task& task) const {
    for (const size_t index : group.tasks) {
      const Task& derived = tasks_[index];
      if (&derived == &task || is_single_identity(derived)) continue;
      throw input_error(
          "the classes of task '{}' are numbers that do not count from 0 ({}), and "
          "task '{}' is derived from their places",
          task.name, fmt::join(task.class_names, ", "), derived.name)
          .with_hint(
              "write the classes of the first in its [[task]] table and use map or set, or "
              "let the rule read the column itself (column = ... in place of from)");
    }
  }

  void report_similar(const Task& task) {
    for (const std::string& line : similar_names(task.class_names)) {
      result_.warnings.push_back(
          fmt::format("{}: task '{}': the classes {}", list_.origin.string(), task.name, line));
    }
  }

  [[nodiscard]] Error too_few_classes(const ColumnGroup& group, const Task& task) const {
    const std::string& column = columns_[group.places.front()].name;
    if (task.classes == 0) {
      return input_error(
          "'{}' has no label for the task '{}': every cell of column '{}' is missing",
          list_.origin.string(), task.name, column);
    }
    return input_error("'{}' has one class only for the task '{}': '{}' in column '{}'",
                       list_.origin.string(), task.name, task.class_name(0), column)
        .with_hint(
            "declare all classes that there are (--num-classes, or a [[task]] table); where an "
            "empty "
            "cell means no: kind = \"multilabel\" with blank = \"negative\"");
  }

  [[nodiscard]] Error other_count(const Task& task, const CellLabels& found) const {
    constexpr size_t kMostNamed = 20;
    std::vector<std::string> first = found.class_names;
    first.resize(std::min(first.size(), kMostNamed));
    return input_error("'{}' has {} classes in column '{}', but task '{}' has {}",
                       list_.origin.string(), found.classes, columns_[places_of(task)].name,
                       task.name, task.classes)
        .with_hint(fmt::format("check --num-classes; the data's classes: {}{}",
                               fmt::join(first, ", "),
                               found.class_names.size() > kMostNamed ? ", ..." : ""));
  }

  [[nodiscard]] size_t places_of(const Task& task) const {
    return places_[static_cast<size_t>(&task - tasks_.data())].front();
  }

  // One column in which everything is missing serves all tasks that are left out.
  void add_absent(int position, int& width) {
    int most = 1;
    for (const size_t index : result_.absent) {
      Task& task = tasks_[index];
      const int count = static_cast<int>(task.label_width());
      most = std::max(most, count);
      task.positions.resize(static_cast<size_t>(count));
      for (int i = 0; i < count; ++i) task.positions[static_cast<size_t>(i)] = position + i;
    }
    width += most;
  }

  void write_labels(const std::vector<std::vector<CellLabels>>& decoded, int width) {
    const auto columns = static_cast<size_t>(width);
    std::vector<float> labels(list_.entries.size() * columns,
                              std::numeric_limits<float>::quiet_NaN());
    for (size_t g = 0; g < groups_.size(); ++g) {
      size_t at = static_cast<size_t>(groups_[g].position);
      for (size_t i = 0; i < groups_[g].places.size(); ++i) {
        write_column(groups_[g], decoded[g][i], groups_[g].places[i], {labels, columns, at});
        at += decoded[g][i].width;
      }
      set_positions(groups_[g]);
    }
    warn_of_missing(labels, columns);
    pictures_.replace_labels(columns, std::move(labels), columns_after(decoded, columns));
  }

  struct LabelTarget {
    std::vector<float>& labels;
    size_t columns;
    size_t at;
  };

  void write_column(const ColumnGroup& group, const CellLabels& decoded, size_t place,
                    const LabelTarget& target) const {
    const bool is_text = columns_[place].is_text;
    for (size_t row = 0; row < list_.entries.size(); ++row) {
      const float value = list_.entries[row].labels[place];
      float* to = target.labels.data() + row * target.columns + target.at;
      if (!is_text) {
        *to = number_of(group, value);
      } else {
        std::copy_n(decoded.labels.begin() +
                        static_cast<std::ptrdiff_t>(static_cast<size_t>(value) * decoded.width),
                    decoded.width, to);
      }
    }
  }

  // A number of a list, as the group's tasks read it.
  [[nodiscard]] float number_of(const ColumnGroup& group, float value) const {
    const Task& lead = tasks_[group.lead];
    constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
    if (std::ranges::find(lead.missing, value) != lead.missing.end()) return kMissing;
    const auto names = values_of_names_.find(group.lead);
    if (names != values_of_names_.end()) {
      const auto found = std::ranges::find(names->second, value);
      return found == names->second.end() ? value
                                          : static_cast<float>(found - names->second.begin());
    }
    if (group.decoding != Decoding::kBinary) return value;
    const std::string text = std::isnan(value) ? std::string() : fmt::format("{}", value);
    const CellLabels labels = binary_cells({text}, lead);
    return labels.problems.empty() ? labels.labels.front() : value;  // check_labels() reports it
  }

  void set_positions(const ColumnGroup& group) {
    for (const size_t index : group.tasks) {
      Task& task = tasks_[index];
      task.positions.clear();
      for (int i = 0; i < group.width; ++i) task.positions.push_back(group.position + i);
    }
  }

  std::vector<LabelColumn> columns_after(const std::vector<std::vector<CellLabels>>& decoded,
                                         size_t width) const {
    std::vector<LabelColumn> columns;
    for (size_t g = 0; g < groups_.size(); ++g) {
      for (size_t i = 0; i < groups_[g].places.size(); ++i) {
        const LabelColumn& from = columns_[groups_[g].places[i]];
        const CellLabels& labels = decoded[g][i];
        for (size_t k = 0; k < labels.width; ++k) {
          LabelColumn& column = columns.emplace_back();
          column.name = from.name;
          if (labels.width == 1) column.classes = class_names(groups_[g]);
        }
      }
    }
    columns.resize(width);
    return columns;
  }

  [[nodiscard]] std::vector<std::string> class_names(const ColumnGroup& group) const {
    return group.decoding == Decoding::kClasses ? tasks_[group.lead].class_names
                                                : std::vector<std::string>();
  }

  // Of the columns that are read; the readers of lists do it themselves.
  void warn_of_missing(const std::vector<float>& labels, size_t columns) {
    const bool any_text = std::ranges::any_of(
        columns_, [](const LabelColumn& column) { return column.is_text && !column.is_folder; });
    if (!any_text || !result_.absent.empty()) return;
    const auto is_missing = [](float label) { return std::isnan(label); };
    const auto first = std::ranges::find_if(labels, is_missing);
    if (first == labels.end()) return;
    const auto row = static_cast<size_t>(first - labels.begin()) / columns;
    result_.warnings.push_back(fmt::format(
        "{}: {} of {} labels are missing (first: line {})", list_.origin.string(),
        std::ranges::count_if(labels, is_missing), labels.size(), list_.entries[row].line));
  }

  Pictures& pictures_;
  const ImageList& list_;
  std::vector<Task>& tasks_;
  const BindingOptions& options_;
  std::vector<LabelColumn> columns_;  // one for each label column
  TaskColumns places_;                // of each task
  std::vector<ColumnGroup> groups_;
  std::map<size_t, std::vector<float>> values_of_names_;  // by lead: of a list with names
  CellProblems problems_;
  Binding result_;
};

}  // namespace

Binding bind_labels(Pictures& pictures, std::vector<Task>& tasks, const BindingOptions& options) {
  return LabelBinder(pictures, tasks, options).run();
}

}  // namespace orthrus
