// What the .idx file beside a .rec file says of its records, checked against the records
// themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/record_file.h"

namespace orthrus {

struct RecordIndex {
  std::vector<size_t> records;  // place in the file of the record that line i names
  std::vector<int64_t> keys;    // of each line
  bool as_in_file = false;      // the order is the file's, the keys are the ids
  std::vector<int64_t> ids;     // as in RecordList
  std::string warning;          // keys that contradict the ids; may be empty
  std::string ambiguity;        // as in RecordList
};

// `offsets` and `ids`: of all records, in the file's order. MXNet's im2rec writes the same number
// as key and as id; its rec2idx counts keys from 0, whatever the ids are; other tools leave all ids
// 0. Throws kInput for an index that does not name each record once, or, where ids are no help,
// names two by the same key.
[[nodiscard]] RecordIndex follow_record_index(const std::filesystem::path& path,
                                              const RecordFile& file,
                                              std::span<const uint64_t> offsets,
                                              std::span<const int64_t> ids);

}  // namespace orthrus
