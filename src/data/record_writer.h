// RecordWriter: RecordIO files as MXNet reads them (data/record_file.h has the format), with their
// index, both all-or-nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace orthrus {

// A record's payload: header, labels, the encoded picture (data/record_pictures.h). A single label
// goes into the header.
[[nodiscard]] std::vector<std::byte> image_record(uint64_t id, std::span<const float> labels,
                                                  std::span<const std::byte> picture);

class RecordWriter {
 public:
  // Throws kResource when PREFIX.rec or PREFIX.idx cannot be written.
  explicit RecordWriter(const std::filesystem::path& prefix);

  // Throws kInput for a payload of 2^29 bytes or more, kResource when the disk is full.
  void add(int64_t key, std::span<const std::byte> payload);
  void commit();

  [[nodiscard]] uint64_t size_bytes() const { return offset_; }

 private:
  void write_part(uint32_t flag, std::span<const std::byte> data);

  AtomicFile records_, index_;
  std::string index_text_;
  uint64_t offset_ = 0;
};

}  // namespace orthrus
