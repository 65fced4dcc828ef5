#include "data/record_writer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "data/record_file.h"

namespace orthrus {

namespace {

constexpr size_t kMostRecordBytes = size_t{1} << 29;

std::filesystem::path with_ending(std::filesystem::path prefix, const char* ending) {
  prefix += ending;
  return prefix;
}

}  // namespace

std::vector<std::byte> image_record(uint64_t id, std::span<const float> labels,
                                    std::span<const std::byte> picture) {
  struct {
    uint32_t flag;
    float label;
    uint64_t id, id2;
  } header = {0, 0, id, 0};
  static_assert(sizeof header == 24);
  const bool packed = labels.size() != 1;
  if (packed) {
    header.flag = static_cast<uint32_t>(labels.size());
  } else {
    header.label = labels.front();
  }
  const size_t label_bytes = packed ? labels.size_bytes() : 0;
  std::vector<std::byte> payload(sizeof header + label_bytes + picture.size());
  std::memcpy(payload.data(), &header, sizeof header);
  if (label_bytes > 0) std::memcpy(payload.data() + sizeof header, labels.data(), label_bytes);
  std::ranges::copy(picture, payload.begin() + static_cast<ptrdiff_t>(sizeof header + label_bytes));
  return payload;
}

RecordWriter::RecordWriter(const std::filesystem::path& prefix)
    : records_(with_ending(prefix, ".rec")), index_(with_ending(prefix, ".idx")) {}

void RecordWriter::write_part(uint32_t flag, std::span<const std::byte> data) {
  const std::array<uint32_t, 2> header = {kRecordMagic,
                                          flag << 29 | static_cast<uint32_t>(data.size())};
  records_.write(std::as_bytes(std::span(header)));
  records_.write(data);
  const std::array<std::byte, 3> zeros{};
  const size_t padding = (4 - data.size() % 4) % 4;
  records_.write(std::span(zeros).first(padding));
  offset_ += sizeof header + data.size() + padding;
}

void RecordWriter::add(int64_t key, std::span<const std::byte> payload) {
  if (payload.size() >= kMostRecordBytes) {
    throw input_error("record {} would have {} bytes, at most {} fit", key, payload.size(),
                      kMostRecordBytes - 1);
  }
  index_text_ += fmt::format("{}\t{}\n", key, offset_);
  size_t begin = 0;
  for (size_t at = 0; at + sizeof kRecordMagic <= payload.size(); at += sizeof kRecordMagic) {
    uint32_t word = 0;
    std::memcpy(&word, payload.data() + at, sizeof word);
    if (word != kRecordMagic) continue;
    write_part(begin == 0 ? 1 : 2, payload.subspan(begin, at - begin));
    begin = at + sizeof kRecordMagic;
  }
  write_part(begin == 0 ? 0 : 3, payload.subspan(begin));
}

void RecordWriter::commit() {
  records_.commit();
  index_.write(index_text_);
  index_.commit();
}

}  // namespace orthrus
