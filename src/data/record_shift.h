// A list whose lines were taken out or moved and that was then numbered anew: from some line on,
// each has the labels of the record a few places further.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "data/list.h"

namespace orthrus {

struct RecordShift {
  size_t position = 0;  // of the first entry whose labels are not its record's
  int64_t by = 0;       // they are, from there on, those of the record with this much added
};

// How an entry's labels compare with those of the record with an index; nothing where there is no
// such record.
enum class LabelComparison { kSame, kDiffer, kUnknown };
using CompareLabels = std::function<std::optional<LabelComparison>(size_t position, int64_t index)>;

// Records are numbered from 0 to `records` - 1 if the search is to find a list that was rotated.
[[nodiscard]] std::optional<RecordShift> find_record_shift(const ListEntries& entries,
                                                           int64_t records,
                                                           const CompareLabels& compare);

}  // namespace orthrus
