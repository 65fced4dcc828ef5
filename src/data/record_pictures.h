// Pictures in a RecordIO file as MXNet's im2rec packs them. The payload of a record is
//   u32 flag, f32 label, u64 id, u64 id2, `flag` more f32 labels, the encoded picture
// With flag 0 the label is the one in the header, else those that follow. Source: apache/mxnet
// python/mxnet/recordio.py (IRHeader, pack).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/list.h"
#include "data/pictures.h"
#include "data/record_file.h"

namespace orthrus {

struct ImageRecordHeader {
  uint64_t id = 0;
  std::vector<float> labels;
  size_t size_bytes = 0;  // where the picture begins
};

// `start`: at least the first bytes of a payload of `payload_bytes`. Nothing when `start` is too
// short to hold the whole header; then it must be at least `wanted_bytes` long. Throws kInput for a
// header that does not fit into the payload.
[[nodiscard]] bool parse_image_record(std::span<const std::byte> start, uint64_t payload_bytes,
                                      ImageRecordHeader& header, size_t& wanted_bytes);

// A .rec file's contents as a list, in the order of the .idx file beside it, else its own. Entry i
// lies at offsets[i]. Its index is the .idx file's key, or without one the id in the record; its
// path is this number as text.
struct RecordList {
  ImageList list;
  std::vector<uint64_t> offsets;
  std::unique_ptr<RecordFile> file;
  // Where keys contradict ids of their own for each record: the ids, by which lists name records.
  std::vector<int64_t> ids;
  // Why no list can name records by their indexes: ids that repeat, and keys that contradict them.
  // Empty where one can.
  std::string ambiguity;
};

// Goes through all records once. Throws kInput for damage, with the record's place, for an .idx
// that does not name each record once, and when records have different numbers of labels. Keys that
// contradict ids of their own for each record are a warning.
[[nodiscard]] RecordList read_record_list(const std::filesystem::path& path);

[[nodiscard]] std::shared_ptr<Pictures> make_record_pictures(ImageList list,
                                                             std::vector<uint64_t> offsets,
                                                             std::unique_ptr<RecordFile> file);

}  // namespace orthrus
