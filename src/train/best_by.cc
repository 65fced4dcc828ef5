#include "train/best_by.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {

BestBy::BestBy() : figure_(task_figures().data()) {}

BestBy::BestBy(const std::string& text, const std::string& where) : BestBy() {
  const size_t colon = text.find(':');
  const std::string key = text.substr(0, colon);
  if (colon != std::string::npos) task_ = text.substr(colon + 1);
  const auto found = std::ranges::find(task_figures(), key, &TaskFigure::key);
  if (found == task_figures().end()) {
    std::vector<std::string> keys;
    for (const TaskFigure& figure : task_figures()) keys.emplace_back(figure.key);
    std::string hint = did_you_mean(key, keys);
    if (hint.empty()) hint = fmt::format("the figures are: {}", fmt::join(keys, ", "));
    throw usage_error("{}: there is no figure '{}'", where, key).with_hint(std::move(hint));
  }
  figure_ = &*found;
}

void BestBy::check(const std::vector<Task>& tasks, const std::string& where) const {
  if (std::ranges::any_of(tasks, [&](const Task& task) { return means(task); })) return;
  std::vector<std::string> names;
  for (const Task& task : tasks) {
    if (figure_->belongs_to(task)) names.push_back(task.name);
  }
  const std::string whose = task_.empty() ? "no task has" : fmt::format("no task '{}' has", task_);
  throw usage_error("{}: {} the figure '{}'", where, whose, figure_->key)
      .with_hint(names.empty() ? "choose another figure"
                               : fmt::format("the tasks that have it: {}", fmt::join(names, ", ")));
}

std::optional<double> BestBy::score(std::span<const TaskReport> reports,
                                    const std::vector<Task>& tasks) const {
  double sum = 0;
  int count = 0;
  for (size_t task = 0; task < reports.size(); ++task) {
    const double value = reports[task].*figure_->value;
    if (!means(tasks[task]) || std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

std::string BestBy::text() const {
  return task_.empty() ? std::string(figure_->key) : fmt::format("{}:{}", figure_->key, task_);
}

}  // namespace orthrus
