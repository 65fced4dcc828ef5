#include "data/list_entries.h"

#include <algorithm>

#include "base/error.h"

namespace orthrus {

ListEntry ListEntries::operator[](size_t position) const {
  const size_t begin = position == 0 ? 0 : path_end_[position - 1];
  return {.index = indexes_[position],
          .labels = std::span(labels_).subspan(position * columns_, columns_),
          .path = std::string_view(paths_).substr(begin, path_end_[position] - begin),
          .line = line_of(position)};
}

int ListEntries::line_of(size_t position) const {
  const auto after = std::ranges::upper_bound(runs_, position, {}, &Run::position);
  const Run& run = *std::prev(after);
  return run.line == 0 ? 0 : run.line + static_cast<int>(position - run.position);
}

void ListEntries::add(int64_t index, std::span<const float> labels, std::string_view path,
                      int line) {
  if (empty()) columns_ = labels.size();
  if (labels.size() != columns_) {
    throw internal_error("an entry of {} labels among others of {}", labels.size(), columns_);
  }
  const int expected = runs_.empty() || runs_.back().line == 0
                           ? 0
                           : runs_.back().line + static_cast<int>(size() - runs_.back().position);
  if (runs_.empty() || line != expected) runs_.push_back({size(), line});
  indexes_.push_back(index);
  labels_.insert(labels_.end(), labels.begin(), labels.end());
  paths_ += path;
  path_end_.push_back(paths_.size());
}

void ListEntries::set_label(size_t position, size_t column, float label) {
  labels_[position * columns_ + column] = label;
}

void ListEntries::replace_labels(size_t columns, std::vector<float> labels) {
  if (labels.size() != size() * columns) {
    throw internal_error("{} labels for {} entries with {} columns", labels.size(), size(),
                         columns);
  }
  columns_ = columns;
  labels_ = std::move(labels);
}

void ListEntries::reserve(size_t entries, size_t path_bytes, size_t label_columns) {
  indexes_.reserve(entries);
  path_end_.reserve(entries);
  labels_.reserve(entries * label_columns);
  paths_.reserve(path_bytes);
}

void ListEntries::truncate(size_t count) {
  if (count >= size()) return;
  indexes_.resize(count);
  labels_.resize(count * columns_);
  path_end_.resize(count);
  paths_.resize(count == 0 ? 0 : path_end_.back());
  while (!runs_.empty() && runs_.back().position >= count) runs_.pop_back();
}

void ListEntries::filter(const std::vector<bool>& keep) {
  ListEntries kept;
  for (size_t position = 0; position < size(); ++position) {
    if (!keep[position]) continue;
    const ListEntry entry = (*this)[position];
    kept.add(entry.index, entry.labels, entry.path, entry.line);
  }
  *this = std::move(kept);
}

}  // namespace orthrus
