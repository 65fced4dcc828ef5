#include "data/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "data/text_lines.h"

namespace orthrus {

static_assert(std::endian::native == std::endian::little);

namespace {

constexpr uint64_t kPartHeaderBytes = 8;
constexpr uint32_t kLengthMask = (uint32_t{1} << 29) - 1;

uint64_t padded(uint64_t length) {
  return (length + 3) & ~uint64_t{3};
}

}  // namespace

RecordFile::RecordFile(std::filesystem::path path) : path_(std::move(path)) {
  // Without O_NONBLOCK a pipe would be waited for.
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) {
    throw input_error("cannot read '{}': {}", path_.string(),
                      std::generic_category().message(errno));
  }
  try {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
      throw input_error("cannot read '{}': it is not a regular file", path_.string());
    }
    size_ = static_cast<uint64_t>(status.st_size);
    if (size_ == 0) throw input_error("'{}' is empty, expected RecordIO", path_.string());
    (void)read_part(0, 0, true);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

RecordFile::~RecordFile() {
  ::close(descriptor_);
}

std::string RecordFile::place(uint64_t record) const {
  return fmt::format("'{}', record at byte {}", path_.string(), record);
}

void RecordFile::read_at(uint64_t offset, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t count =
        ::pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw input_error("cannot read '{}': {}", path_.string(),
                        std::generic_category().message(errno));
    }
    if (count == 0) throw input_error("'{}' became shorter while it was read", path_.string());
    offset += static_cast<uint64_t>(count);
    into = into.subspan(static_cast<size_t>(count));
  }
}

RecordFile::Part RecordFile::read_part(uint64_t offset, uint64_t record, bool first) const {
  constexpr auto kHint = "copy the file again, or make it anew";
  if (offset > size_ || size_ - offset < kPartHeaderBytes) {
    throw input_error("{}: truncated: the file ends after {} bytes{}", place(record), size_,
                      first ? ", before the record" : ", between the parts of the record")
        .with_hint(kHint);
  }
  std::array<uint32_t, 2> words{};
  read_at(offset, std::as_writable_bytes(std::span(words)));
  if (words[0] != kRecordMagic) {
    throw input_error("{}: got {:#010x} at byte {}, expected the magic number {:#010x}",
                      place(record), words[0], offset, kRecordMagic)
        .with_hint(offset == 0 ? "this is not a RecordIO file" : kHint);
  }
  const Part part{words[1] >> 29, words[1] & kLengthMask};
  const bool fits = first ? part.flag <= 1 : part.flag == 2 || part.flag == 3;
  if (!fits) {
    throw input_error("{}: a part of kind {} at byte {}, expected {}", place(record), part.flag,
                      offset, first ? "0 or 1 (a record's start)" : "2 or 3 (its continuation)")
        .with_hint(kHint);
  }
  const uint64_t left = size_ - offset - kPartHeaderBytes;
  if (part.length > left) {
    throw input_error("{}: truncated: {} bytes promised at byte {}, but only {} left",
                      place(record), part.length, offset, left)
        .with_hint(kHint);
  }
  return part;
}

std::vector<std::byte> RecordFile::read(uint64_t offset, size_t most) const {
  std::vector<std::byte> payload;
  const uint64_t record = offset;
  for (bool first = true;; first = false) {
    const Part part = read_part(offset, record, first);
    if (!first && payload.size() < most) {
      const auto magic = std::bit_cast<std::array<std::byte, 4>>(kRecordMagic);
      payload.insert(payload.end(), magic.begin(), magic.end());
    }
    if (payload.size() < most) {
      const size_t begin = payload.size();
      payload.resize(begin + std::min<size_t>(part.length, most - begin));
      read_at(offset + kPartHeaderBytes, std::span(payload).subspan(begin));
    }
    if (part.flag == 0 || part.flag == 3 || payload.size() >= most) break;
    offset += kPartHeaderBytes + padded(part.length);
  }
  if (payload.size() > most) payload.resize(most);
  return payload;
}

RecordExtent RecordFile::extent(uint64_t offset) const {
  RecordExtent extent;
  const uint64_t record = offset;
  for (bool first = true;; first = false) {
    const Part part = read_part(offset, record, first);
    extent.payload_bytes += part.length + (first ? 0 : sizeof(kRecordMagic));
    // The last record's padding may be missing.
    offset = extent.next = std::min(size_, offset + kPartHeaderBytes + padded(part.length));
    if (part.flag == 0 || part.flag == 3) return extent;
  }
}

std::vector<RecordPlace> read_record_index(const std::filesystem::path& path) {
  std::vector<RecordPlace> places;
  LineProblems problems(path);
  std::ifstream file = open_text(path);
  int number = 0;
  bool byte_order_mark = false;
  const auto take = [&](std::string_view line) {
    ++number;
    line = strip(line);
    if (line.empty()) return;
    const size_t tab = line.find_first_of("\t ");
    const std::optional<int64_t> key = parse_number<int64_t>(line.substr(0, tab));
    const std::optional<uint64_t> offset =
        tab == line.npos ? std::nullopt : parse_number<uint64_t>(strip(line.substr(tab)));
    if (key && offset) return places.push_back({*key, *offset});
    problems.add(number, fmt::format("'{}' is no index line (key, TAB, byte offset)", shown(line)));
  };
  for_each_line(file, path, take, byte_order_mark);
  if (!problems.empty()) throw problems.error("index");
  if (places.empty()) throw input_error("the index '{}' is empty", path.string());
  return places;
}

}  // namespace orthrus
