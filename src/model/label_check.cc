#include "model/label_check.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "tasks/label_reader.h"

namespace orthrus {

void check_labels(const ImageList& list, const std::vector<Task>& tasks) {
  constexpr size_t kMostListed = 10;
  size_t count = 0;
  std::vector<std::string> lines;
  const std::vector<LabelReader> readers = label_readers(tasks);
  for (const ListEntry& entry : list.entries) {
    for (const LabelReader& reader : readers) {
      const std::string problem = reader.problem(entry.labels);
      if (problem.empty()) continue;
      ++count;
      if (lines.size() < kMostListed) {
        lines.push_back(fmt::format("{}:{}: {}", list.origin.string(), entry.line, problem));
      }
    }
  }
  if (count == 0) return;
  if (count > lines.size()) lines.push_back(fmt::format("and {} more", count - lines.size()));
  throw input_error("{}", fmt::join(lines, "\n"))
      .with_hint("labels count from 0; check --num-classes or the task's classes, and the list");
}

}  // namespace orthrus
