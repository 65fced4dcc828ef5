#include "data/index_clash.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>
#include <vector>

namespace orthrus {

namespace {

// A missing label is the same as another one.
bool same_label(float a, float b) {
  return a == b || (a != a && b != b);
}

bool same_image(const ListEntry& a, const ListEntry& b) {
  return a.path == b.path && std::ranges::equal(a.labels, b.labels, same_label);
}

}  // namespace

std::optional<IndexClash> find_index_clash(const ListEntries& entries) {
  const std::span<const int64_t> indexes = entries.indexes();
  if (std::ranges::adjacent_find(indexes, std::greater_equal<>()) == indexes.end()) return {};
  std::vector<std::pair<int64_t, size_t>> sorted;
  sorted.reserve(indexes.size());
  for (size_t i = 0; i < indexes.size(); ++i) sorted.emplace_back(indexes[i], i);
  std::ranges::sort(sorted);
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].first != sorted[i - 1].first) continue;
    const IndexClash clash{sorted[i - 1].second, sorted[i].second};
    if (!same_image(entries[clash.first], entries[clash.second])) return clash;
  }
  return {};
}

}  // namespace orthrus
