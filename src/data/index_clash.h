// Whether a list's indexes can name records: lines may repeat each other (oversampling), but one
// index must not stand for two images.
#pragma once

#include <cstddef>
#include <optional>

#include "data/list_entries.h"

namespace orthrus {

// Two entries with the same index and another path or other labels, by their positions.
struct IndexClash {
  size_t first = 0;
  size_t second = 0;
};

// The clash whose index is the smallest; nothing where all lines of an index are the same.
[[nodiscard]] std::optional<IndexClash> find_index_clash(const ListEntries& entries);

}  // namespace orthrus
