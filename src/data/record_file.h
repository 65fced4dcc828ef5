// RecordFile: the RecordIO container of MXNet (.rec) and its index (.idx), read only. A record is
//   u32 magic 0xced7230a, u32 cflag << 29 | length, data, zeros up to a multiple of four
// (little-endian). Where the magic number occurs in a payload at a multiple of four bytes, the
// writer leaves it out and splits the record there (cflag 1 start, 2 middle, 3 end; 0 whole). What
// a payload means is data/record_pictures.h. Source: dmlc-core include/dmlc/recordio.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace orthrus {

inline constexpr uint32_t kRecordMagic = 0xced7230a;

// A record's key, as the .idx file has it, and where the record begins.
struct RecordPlace {
  int64_t key = 0;
  uint64_t offset = 0;
};

struct RecordExtent {
  uint64_t payload_bytes = 0;
  uint64_t next = 0;  // where the record after it begins; the file's size after the last
};

class RecordFile {
 public:
  // Throws kInput when it cannot be read or is no RecordIO file.
  explicit RecordFile(std::filesystem::path path);
  ~RecordFile();
  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // The payload of the record at `offset`, or its first `most` bytes. Throws kInput for anything
  // but a whole record, naming the offset. Safe from several threads at once.
  [[nodiscard]] std::vector<std::byte> read(uint64_t offset,
                                            size_t most = std::numeric_limits<size_t>::max()) const;
  // Found without reading the payload.
  [[nodiscard]] RecordExtent extent(uint64_t offset) const;
  [[nodiscard]] uint64_t next(uint64_t offset) const { return extent(offset).next; }
  [[nodiscard]] uint64_t payload_bytes(uint64_t offset) const {
    return extent(offset).payload_bytes;
  }
  [[nodiscard]] uint64_t size_bytes() const { return size_; }

 private:
  struct Part {
    uint32_t flag = 0;
    uint32_t length = 0;
  };
  [[nodiscard]] Part read_part(uint64_t offset, uint64_t record, bool first) const;
  void read_at(uint64_t offset, std::span<std::byte> into) const;
  [[nodiscard]] std::string place(uint64_t record) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

// The index beside a .rec file, lines of key TAB offset, in its order. Throws kInput with
// file:line.
[[nodiscard]] std::vector<RecordPlace> read_record_index(const std::filesystem::path& path);

}  // namespace orthrus
