#include "model/label_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/error.h"
#include "tasks/label_reader.h"

namespace orthrus {

void move_labels(Pictures& pictures, const std::vector<Task>& from, const std::vector<Task>& to,
                 int width) {
  const ImageList& old = pictures.list();
  const std::vector<LabelReader> readers = label_readers(from), targets = label_readers(to);
  bool same = old.label_columns == width;
  std::vector<const Task*> sources;  // of the moves
  std::vector<std::pair<size_t, size_t>> moves;
  for (size_t task = 0; task < from.size(); ++task) {
    for (size_t i = 0; i < static_cast<size_t>(from[task].label_width()); ++i) {
      moves.emplace_back(readers[task].column_of(i), targets[task].column_of(i));
      sources.push_back(&from[task]);
      same = same && moves.back().first == moves.back().second &&
             (from[task].missing.empty() || to[task].positions.empty());
    }
  }
  if (same) return;
  const auto columns = static_cast<size_t>(width);
  std::vector<float> labels(old.entries.size() * columns, std::numeric_limits<float>::quiet_NaN());
  for (size_t row = 0; row < old.entries.size(); ++row) {
    const std::span<const float> values = old.entries[row].labels;
    for (size_t i = 0; i < moves.size(); ++i) {
      const auto [source, target] = moves[i];
      // Decoded labels have nothing that stands for a missing one.
      const bool missing =
          sources[i]->positions.empty() &&
          std::ranges::find(sources[i]->missing, values[source]) != sources[i]->missing.end();
      if (!missing) labels[row * columns + target] = values[source];
    }
  }
  pictures.replace_labels(columns, std::move(labels), {});
}

namespace {

// Whether the labels of a task are 1 to its number of classes, all of them.
bool count_from_one(const ListEntries& entries, const Task& task, size_t column) {
  if (!is_single_identity(task)) return false;
  bool last = false;
  for (const ListEntry entry : entries) {
    const float label = column < entry.labels.size() ? entry.labels[column] : 0;
    if (std::isnan(label)) continue;
    if (label < 1 || label > static_cast<float>(task.classes)) return false;
    last = last || label == static_cast<float>(task.classes);
  }
  return last;
}

std::string hint_for(const ListEntries& entries, const std::vector<Task>& tasks,
                     const std::vector<LabelReader>& readers) {
  for (size_t i = 0; i < tasks.size(); ++i) {
    if (!count_from_one(entries, tasks[i], readers[i].column_of(0))) continue;
    return fmt::format(
        "the labels of task '{}' seem to count from 1; they have to count from 0, or say "
        "--num-classes {} and leave class 0 empty",
        tasks[i].name, tasks[i].classes + 1);
  }
  return "labels count from 0; check --num-classes or the task's classes, and the list";
}

}  // namespace

void check_labels(const Pictures& pictures, const std::vector<Task>& tasks,
                  const LabelAdvice& advice) {
  constexpr size_t kMostNamed = 10;
  size_t count = 0;
  std::vector<std::string> lines;
  const std::vector<LabelReader> readers = label_readers(tasks);
  const ListEntries& entries = pictures.list().entries;
  for (size_t position = 0; position < entries.size(); ++position) {
    for (const LabelReader& reader : readers) {
      const std::string problem = reader.problem(entries[position].labels);
      if (problem.empty()) continue;
      ++count;
      if (lines.size() == kMostNamed) continue;
      const std::string place = pictures.place_in_list(position);
      lines.push_back((place.empty() ? pictures.name(position) : place) + ": " + problem);
    }
  }
  if (count == 0) return;
  if (!advice.classes_file.empty()) {
    throw input_error("'{}' names too few classes for {} labels of '{}', the first: {}",
                      advice.classes_file, count, pictures.list().origin.string(), lines.front())
        .with_hint("it needs a line for each class, from class 0 on; " +
                   hint_for(entries, tasks, readers));
  }
  if (count > lines.size()) lines.push_back(fmt::format("and {} more", count - lines.size()));
  throw input_error("{}", fmt::join(lines, "\n"))
      .with_hint(hint_for(entries, tasks, readers) +
                 (advice.hint.empty() ? "" : "; " + advice.hint));
}

}  // namespace orthrus
