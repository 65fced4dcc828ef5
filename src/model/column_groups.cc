#include "model/column_groups.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "tasks/cells.h"

namespace orthrus {
namespace {

bool reads_cells_alike(const Task& a, const Task& b) {
  return a.cells == b.cells && a.missing == b.missing;
}

class ColumnGrouper {
 public:
  ColumnGrouper(const std::vector<LabelColumn>& columns, const std::vector<Task>& tasks,
                const TaskColumns& places, const std::string& origin)
      : columns_(columns), tasks_(tasks), places_(places), origin_(origin) {}

  std::vector<ColumnGroup> group() {
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (places_[i].empty()) continue;
      for (const size_t place : places_[i]) {
        if (place < columns_.size()) continue;
        throw input_error("task '{}' reads label column {}, but '{}' has {}", tasks_[i].name, place,
                          origin_, columns_.size())
            .with_hint("columns count from 0");
      }
      const auto [decoding, lead] = decoding_of(i);
      const auto same = [&, decoding = decoding, lead = lead](const ColumnGroup& group) {
        return group.places == places_[i] && group.decoding == decoding && group.lead == lead;
      };
      auto group = std::ranges::find_if(groups_, same);
      if (group == groups_.end()) {
        groups_.push_back({.places = places_[i], .decoding = decoding, .lead = lead});
        group = std::prev(groups_.end());
      }
      group->tasks.push_back(i);
    }
    return std::move(groups_);
  }

 private:
  [[nodiscard]] std::pair<Decoding, size_t> decoding_of(size_t index) const {
    const Task& task = tasks_[index];
    if (task.kind == TaskKind::kMultilabel) {
      return {task.cells.separator.empty() ? Decoding::kBinary : Decoding::kTags, index};
    }
    const Task& root = root_task(tasks_, task);
    const auto root_index = static_cast<size_t>(&root - tasks_.data());
    if (root.rule == LabelRule::kIdentity) return {Decoding::kClasses, first_alike(root_index)};
    // "above zero" is about the class where there is one; a rule is about the column's numbers,
    // except where its texts can only be classes.
    const std::optional<size_t> classes = identity_beside(root_index);
    const bool of_class = classes && (root.rule == LabelRule::kPositive || has_texts(index));
    if (of_class) return {Decoding::kClasses, *classes};
    return {Decoding::kNumbers, root_index};
  }

  // The first task that makes the same classes of the same column.
  [[nodiscard]] size_t first_alike(size_t index) const {
    const Task& task = tasks_[index];
    for (size_t i = 0; i < index; ++i) {
      const Task& other = tasks_[i];
      if (is_single_identity(other) && places_[i] == places_[index] && other.kind == task.kind &&
          other.classes == task.classes && other.class_names == task.class_names &&
          reads_cells_alike(other, task)) {
        return i;
      }
    }
    return index;
  }

  [[nodiscard]] std::optional<size_t> identity_beside(size_t index) const {
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (is_single_identity(tasks_[i]) && places_[i] == places_[index] &&
          reads_cells_alike(tasks_[i], tasks_[index])) {
        return first_alike(i);
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool has_texts(size_t index) const {
    const LabelColumn& column = columns_[places_[index].front()];
    return column.is_text && std::ranges::any_of(column.cells, [&](const std::string& cell) {
             return !is_missing_cell(cell, tasks_[index]) &&
                    !cell_number(cell, tasks_[index].cells.decimal);
           });
  }

  const std::vector<LabelColumn>& columns_;
  const std::vector<Task>& tasks_;
  const TaskColumns& places_;
  const std::string& origin_;
  std::vector<ColumnGroup> groups_;
};

}  // namespace

std::vector<ColumnGroup> group_columns(const std::vector<LabelColumn>& columns,
                                       const std::vector<Task>& tasks, const TaskColumns& places,
                                       const std::string& origin) {
  return ColumnGrouper(columns, tasks, places, origin).group();
}

}  // namespace orthrus
