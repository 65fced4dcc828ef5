#include "train/data_warnings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <functional>

#include "train/schedule.h"

namespace orthrus {
namespace {

// Fewer updates than these two, in an epoch and in all, hardly train anything.
constexpr int64_t kFewUpdatesInEpoch = 4;
constexpr int64_t kFewUpdatesInAll = 200;
constexpr size_t kAdvisedUpdates = 8;  // in an epoch, as --batch-size auto has it

// The names of the classes for which `belongs` holds, the first ten of them; empty where none does.
std::string classes_with(const Task& task, const std::function<bool(size_t)>& belongs) {
  constexpr size_t kMostNamed = 10;
  std::vector<std::string> names;
  size_t count = 0;
  for (size_t k = 0; k < static_cast<size_t>(task.classes); ++k) {
    if (!belongs(k) || ++count > kMostNamed) continue;
    names.push_back(task.class_name(static_cast<int64_t>(k)));
  }
  if (count > kMostNamed) names.push_back(fmt::format("and {} more", count - kMostNamed));
  return fmt::format("{}", fmt::join(names, ", "));
}

void warn_of_multilabel(const Task& task, const LabelCounts& counts,
                        std::vector<std::string>& warnings) {
  const std::string never = classes_with(task, [&](size_t k) { return counts.per_class[k] == 0; });
  const std::string always =
      classes_with(task, [&](size_t k) { return counts.per_class[k] > 0 && counts.zeros[k] == 0; });
  if (!never.empty()) {
    warnings.push_back(fmt::format("task '{}': no training image is positive for these classes: {}",
                                   task.name, never));
  }
  if (!always.empty()) {
    warnings.push_back(
        fmt::format("task '{}': every training image is positive for these classes, so they cannot "
                    "be learned{}: {}",
                    task.name, task.balanced ? " (their balanced weight is 1)" : "", always));
  }
}

// Class 0 has no image, and the last one has.
bool counts_from_one(const Task& task, const LabelCounts& counts) {
  return task.rule == LabelRule::kIdentity && task.classes > 2 && counts.per_class.front() == 0 &&
         counts.per_class[1] > 0 && counts.per_class.back() > 0;
}

void warn_of_classes(const Task& task, const LabelCounts& counts,
                     std::vector<std::string>& warnings) {
  const auto has_images = [](int64_t count) { return count > 0; };
  const auto occurring = std::ranges::count_if(counts.per_class, has_images);
  if (occurring == 1 && task.classes > 1) {
    const auto only = std::ranges::find_if(counts.per_class, has_images);
    warnings.push_back(fmt::format(
        "task '{}': all {} training labels are of the class {}, so there is nothing to tell apart",
        task.name, counts.present, task.class_name(only - counts.per_class.begin())));
    return;
  }
  const std::string absent = classes_with(task, [&](size_t k) { return counts.per_class[k] == 0; });
  if (absent.empty()) return;
  warnings.push_back(
      fmt::format("task '{}': classes without a training image: {}", task.name, absent));
  if (counts_from_one(task, counts)) {
    warnings.push_back(
        fmt::format("task '{}': its labels seem to count from 1, since no image has the label 0; "
                    "labels count from 0",
                    task.name));
  }
}

std::string update_warning(size_t images, const TrainRequest& request) {
  const auto batch = static_cast<size_t>(request.loader.batch_size);
  const size_t batches = request.loader.last_batch == LastBatch::kDiscard
                             ? images / batch
                             : (images + batch - 1) / batch;
  const int64_t updates = updates_per_epoch(static_cast<int64_t>(batches), request.accumulate);
  const int64_t in_all = updates * (request.end_epoch - request.first_epoch);
  if (updates >= kFewUpdatesInEpoch || in_all >= kFewUpdatesInAll) return {};
  std::string text = fmt::format("{} images in batches of {}", images, batch);
  if (request.accumulate > 1) text += fmt::format(", {} for an update,", request.accumulate);
  text += fmt::format(" make {} update{} per epoch, {} in all", updates, updates == 1 ? "" : "s",
                      in_all);
  const size_t advised = std::bit_floor(std::max(images / kAdvisedUpdates, size_t{1}));
  if (advised < batch) text += fmt::format("; try a smaller batch: --batch-size {}", advised);
  return text;
}

}  // namespace

std::vector<std::string> data_warnings(const std::vector<Task>& tasks,
                                       const std::vector<LabelCounts>& training, size_t images,
                                       const TrainRequest& request) {
  std::vector<std::string> warnings;
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (tasks[i].kind == TaskKind::kMultilabel) {
      warn_of_multilabel(tasks[i], training[i], warnings);
    } else {
      warn_of_classes(tasks[i], training[i], warnings);
    }
  }
  const bool updates = !request.solve && request.replay.empty();
  const std::string few = updates ? update_warning(images, request) : "";
  if (!few.empty()) warnings.push_back(few);
  return warnings;
}

}  // namespace orthrus
