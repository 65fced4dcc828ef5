#include "model/number_classes.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"

namespace orthrus {
namespace {

Error not_class_numbers(const ImageList& list, const Task& task, size_t column,
                        const std::string& what) {
  return input_error("'{}' holds labels that are hardly class numbers (column {} of task '{}': {})",
                     list.origin.string(), column, task.name, what)
      .with_hint(
          "give the number of classes (--num-classes N, or classes = N in a [[task]] table), or a "
          "rule that makes classes of them");
}

}  // namespace

int64_t count_number_classes(const ImageList& list, const Task& task, size_t column) {
  constexpr float kMost = 1'000'000;
  constexpr size_t kFew = 20;
  std::vector<bool> seen;
  size_t different = 0;
  for (const ListEntry entry : list.entries) {
    const float label = column < entry.labels.size() ? entry.labels[column] : 0;
    const bool missing =
        std::isnan(label) || std::ranges::find(task.missing, label) != task.missing.end();
    if (missing) continue;
    if (label < 0 || label >= kMost || std::trunc(label) != label) {
      throw not_class_numbers(list, task, column, fmt::format("such as {}", label));
    }
    const auto number = static_cast<size_t>(label);
    if (seen.size() <= number) seen.resize(number + 1);
    if (!seen[number]) ++different;
    seen[number] = true;
  }
  if (different > kFew && 2 * different < seen.size()) {
    throw not_class_numbers(list, task, column,
                            fmt::format("{} different ones up to {}", different, seen.size() - 1));
  }
  if (seen.size() < 2) {
    throw input_error(
        "'{}' has images of one class only (label column {}), and nothing says how many classes "
        "there are",
        list.origin.string(), column)
        .with_hint("--num-classes N, or classes = N in the task's table");
  }
  return static_cast<int64_t>(seen.size());
}

}  // namespace orthrus
