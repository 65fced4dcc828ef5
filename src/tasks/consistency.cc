#include "tasks/consistency.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "tasks/label_reader.h"
#include "tasks/metrics.h"

namespace orthrus {
namespace {

double log_probability(float p) {
  constexpr float kSmallest = 1e-37F;  // of a probability that underflowed
  return std::log(std::max(p, kSmallest));
}

// Whether what `task` reads follows from what `root` reads: the same cell, through the same steps
// and maybe more.
bool follows_from(const Task& task, const Task& root) {
  const bool same_cell = task.kind != TaskKind::kMultilabel && root.kind != TaskKind::kMultilabel &&
                         task.label_column == root.label_column &&
                         task.column_names == root.column_names && task.missing == root.missing &&
                         task.cells == root.cells;
  if (!same_cell) return false;
  // A rule on the column's numbers does not see the classes that another task makes of them.
  if (root.rule == LabelRule::kIdentity) {
    return task.rule != LabelRule::kSteps || !task.from.empty() || !names_are_numbers(root);
  }
  if (root.rule != task.rule || root.steps.size() > task.steps.size()) return false;
  return std::equal(root.steps.begin(), root.steps.end(), task.steps.begin());
}

// The fewest steps first, the earlier task between equals.
std::optional<size_t> root_of(const std::vector<Task>& tasks, size_t task) {
  std::optional<size_t> root;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const bool follows = i != task && follows_from(tasks[task], tasks[i]);
    if (!follows || (follows_from(tasks[i], tasks[task]) && i > task)) continue;
    if (!root || tasks[i].steps.size() < tasks[*root].steps.size()) root = i;
  }
  return root;
}

DerivedTask derive(const std::vector<Task>& tasks, size_t index, const Task& root) {
  Task rest = tasks[index];
  rest.missing.clear();
  rest.positions.clear();
  if (root.rule == rest.rule) {  // the steps that come after the root's
    rest.steps.erase(rest.steps.begin(),
                     rest.steps.begin() + static_cast<std::ptrdiff_t>(root.steps.size()));
    if (rest.steps.empty()) rest.rule = LabelRule::kIdentity;
  }
  const LabelReader reader(rest);
  DerivedTask derived{.task = index};
  for (int64_t k = 0; k < root.classes; ++k) {
    const std::optional<float> label = reader.label_of(static_cast<float>(k));
    const bool is_class = label && *label >= 0 && *label < static_cast<float>(rest.classes);
    derived.class_of.push_back(is_class ? static_cast<int64_t>(*label) : -1);
  }
  return derived;
}

}  // namespace

std::vector<TaskGroup> task_groups(const std::vector<Task>& tasks) {
  std::vector<TaskGroup> groups;
  for (size_t root = 0; root < tasks.size(); ++root) {
    if (root_of(tasks, root)) continue;
    TaskGroup group{.root = root, .derived = {}};
    for (size_t task = 0; task < tasks.size(); ++task) {
      if (root_of(tasks, task) == root) group.derived.push_back(derive(tasks, task, tasks[root]));
    }
    if (!group.derived.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

void answer_together(const TaskGroup& group, std::span<const std::span<const float>> rows,
                     std::span<int64_t> answers) {
  const std::span<const float> root = rows[group.root];
  size_t best = 0;
  double most = -std::numeric_limits<double>::infinity();
  for (size_t k = 0; k < root.size(); ++k) {
    double sum = log_probability(root[k]);
    for (const DerivedTask& derived : group.derived) {
      const std::span<const float> row = rows[derived.task];
      const int64_t answer = derived.class_of[k];
      sum += log_probability(answer >= 0 ? row[static_cast<size_t>(answer)]
                                         : *std::ranges::max_element(row));
    }
    if (sum <= most) continue;
    most = sum;
    best = k;
  }
  answers[group.root] = static_cast<int64_t>(best);
  for (const DerivedTask& derived : group.derived) {
    const int64_t answer = derived.class_of[best];
    if (answer >= 0) answers[derived.task] = answer;
  }
}

ConsistencyEvaluation::ConsistencyEvaluation(const std::vector<Task>& tasks)
    : groups_(task_groups(tasks)), alone_(tasks.size()), together_(tasks.size()) {
  for (const TaskGroup& group : groups_) {
    reports_.push_back({.task = group.root, .root = group.root});
    for (const DerivedTask& derived : group.derived) {
      reports_.push_back({.task = derived.task, .root = group.root});
    }
  }
}

void ConsistencyEvaluation::add(std::span<const std::span<const float>> rows,
                                std::span<const float> labels, std::span<const float> present) {
  for (size_t task = 0; task < rows.size(); ++task) alone_[task] = most_probable(rows[task]);
  together_ = alone_;
  for (const TaskGroup& group : groups_) answer_together(group, rows, together_);

  auto report = reports_.begin();
  const auto count = [&](size_t task, const std::vector<int64_t>* class_of) {
    const auto contradicts = [&](const std::vector<int64_t>& answers) {
      if (class_of == nullptr) return false;
      const int64_t wanted = (*class_of)[static_cast<size_t>(answers[report->root])];
      return wanted >= 0 && wanted != answers[task];
    };
    ++report->pictures;
    if (contradicts(alone_)) ++report->contradictions;
    if (contradicts(together_)) ++report->contradictions_together;
    if (present[task] != 0) {
      const auto label = static_cast<int64_t>(labels[task]);
      ++report->labelled;
      if (alone_[task] == label) ++report->right;
      if (together_[task] == label) ++report->right_together;
    }
    ++report;
  };
  for (const TaskGroup& group : groups_) {
    count(group.root, nullptr);
    for (const DerivedTask& derived : group.derived) count(derived.task, &derived.class_of);
  }
}

}  // namespace orthrus
