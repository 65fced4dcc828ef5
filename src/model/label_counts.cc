#include "model/label_counts.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "tasks/label_reader.h"

namespace orthrus {
namespace {

std::vector<double> balanced_weights(const Task& task, const LabelCounts& counts) {
  std::vector<double> weights(counts.per_class.size(), 1.0);
  const auto occurring = static_cast<double>(
      std::ranges::count_if(counts.per_class, [](int64_t count) { return count > 0; }));
  for (size_t k = 0; k < weights.size(); ++k) {
    const bool multilabel = task.kind == TaskKind::kMultilabel;
    if (counts.per_class[k] == 0 || (multilabel && counts.zeros[k] == 0)) continue;
    const auto count = static_cast<double>(counts.per_class[k]);
    weights[k] = multilabel ? static_cast<double>(counts.zeros[k]) / count
                            : static_cast<double>(counts.present) / (occurring * count);
  }
  return weights;
}

LabelCounts count_task(const ImageList& list, const Task& task) {
  const LabelReader reader(task);
  const auto width = static_cast<size_t>(task.label_width());
  const bool multilabel = task.kind == TaskKind::kMultilabel;
  LabelCounts counts;
  counts.per_class.resize(static_cast<size_t>(task.classes));
  if (multilabel) counts.zeros.resize(width);
  std::vector<float> labels(width);
  std::vector<float> present(width);
  for (const ListEntry& entry : list.entries) {
    reader.read(entry.labels, labels, present);
    for (size_t i = 0; i < width; ++i) {
      if (present[i] == 0) {
        ++counts.missing;
        continue;
      }
      ++counts.present;
      if (!multilabel) {
        ++counts.per_class[static_cast<size_t>(labels[i])];
      } else {
        ++(labels[i] > 0 ? counts.per_class : counts.zeros)[i];
      }
    }
  }
  return counts;
}

}  // namespace

std::vector<LabelCounts> count_labels(const ImageList& list, const std::vector<Task>& tasks) {
  std::vector<LabelCounts> counts;
  for (const Task& task : tasks) counts.push_back(count_task(list, task));
  return counts;
}

void weigh_by_counts(std::vector<Task>& tasks, const std::vector<LabelCounts>& training) {
  for (size_t i = 0; i < tasks.size(); ++i) {
    const auto present = static_cast<double>(training[i].present);
    const double all = present + static_cast<double>(training[i].missing);
    if (tasks[i].weight_by_labels) tasks[i].weight = all > 0 ? present / all : 1;
    if (tasks[i].balanced) tasks[i].class_weights = balanced_weights(tasks[i], training[i]);
  }
}

void check_labelled(const ImageList& training, const std::vector<Task>& tasks,
                    const std::vector<LabelCounts>& counts) {
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (counts[i].present > 0) continue;
    throw input_error("'{}' has no label for the task '{}': all {} are missing",
                      training.origin.string(), tasks[i].name, training.entries.size())
        .with_hint(
            "check its column, its rule and what it takes for missing; "
            "`orthrus tasks` shows what was understood");
  }
}

std::vector<std::string> unseen_classes(const std::vector<LabelCounts>& training,
                                        const ImageList& validation,
                                        const std::vector<Task>& tasks) {
  constexpr size_t kMostListed = 10;
  std::vector<std::string> lines;
  const std::vector<LabelCounts> counts = count_labels(validation, tasks);
  for (size_t i = 0; i < tasks.size(); ++i) {
    const Task& task = tasks[i];
    const LabelCounts &trained = training[i], &validated = counts[i];
    std::vector<std::string> names;
    size_t unseen = 0;
    for (size_t k = 0; k < trained.per_class.size(); ++k) {
      if (trained.per_class[k] == 0 || validated.per_class[k] > 0) continue;
      if (++unseen <= kMostListed) names.push_back(task.class_name(static_cast<int64_t>(k)));
    }
    if (unseen == 0) continue;
    if (unseen > kMostListed) names.push_back(fmt::format("and {} more", unseen - kMostListed));
    lines.push_back(fmt::format("'{}' has no picture of these classes of task '{}': {}",
                                validation.origin.string(), task.name, fmt::join(names, ", ")));
  }
  return lines;
}

}  // namespace orthrus
