#include "data/record_shift.h"

namespace orthrus {

namespace {

constexpr int64_t kMostShifted = 100;
constexpr size_t kFewestEntries = 4;  // among fewer, labels agree by chance

struct FirstDifference {
  size_t position = 0;
  size_t differing = 0;  // together
};

FirstDifference first_difference(const ListEntries& entries, const CompareLabels& compare) {
  FirstDifference first;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (compare(i, entries.indexes()[i]) != LabelComparison::kDiffer) continue;
    if (++first.differing == 1) first.position = i;
  }
  return first;
}

// Whether all entries from `start` on have the labels of the records that are `shift` further.
bool agree_shifted(const ListEntries& entries, size_t start, int64_t shift, int64_t records,
                   const CompareLabels& compare) {
  for (size_t i = start; i < entries.size(); ++i) {
    const int64_t index = entries.indexes()[i];
    std::optional<LabelComparison> result = compare(i, index + shift);
    if (!result) result = compare(i, (index + shift + records) % records);  // rotated
    if (!result || *result == LabelComparison::kDiffer) return false;
    if (i == start && *result == LabelComparison::kUnknown) return false;
  }
  return true;
}

}  // namespace

std::optional<RecordShift> find_record_shift(const ListEntries& entries, int64_t records,
                                             const CompareLabels& compare) {
  if (entries.size() < kFewestEntries) return std::nullopt;
  const FirstDifference first = first_difference(entries, compare);
  if (first.differing == 0) return std::nullopt;
  for (int64_t by = 1; by <= kMostShifted; ++by) {
    for (const int64_t shift : {by, -by}) {
      // A single label that differs near the end may have been changed; so it has to be the whole
      // list that is shifted.
      if (!agree_shifted(entries, first.position, shift, records, compare)) continue;
      if (first.differing > 1 || agree_shifted(entries, 0, shift, records, compare)) {
        return RecordShift{first.position, shift};
      }
    }
  }
  return std::nullopt;
}

}  // namespace orthrus
