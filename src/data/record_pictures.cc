#include "data/record_pictures.h"

#include <cmath>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "data/record_index.h"

namespace orthrus {

namespace {

constexpr size_t kImageHeaderBytes = 24;

// Enough for the header of a record with so many labels: one read for most files.
constexpr size_t kUsualLabels = 16;

template <typename T>
T value_at(std::span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

class RecordPictures final : public Pictures {
 public:
  RecordPictures(ImageList list, std::vector<uint64_t> offsets, std::unique_ptr<RecordFile> file)
      : Pictures(std::move(list)), offsets_(std::move(offsets)), file_(std::move(file)) {}

  [[nodiscard]] std::vector<std::byte> read(size_t position, uint64_t most_bytes) const override {
    const uint64_t offset = offsets_[position];
    const uint64_t bytes = file_->payload_bytes(offset);
    if (bytes > most_bytes) {
      throw input_error("{} has {} bytes, more than the {} a picture may have", name(position),
                        bytes, most_bytes);
    }
    std::vector<std::byte> payload = file_->read(offset);
    ImageRecordHeader header;
    size_t wanted = 0;
    try {
      (void)parse_image_record(payload, payload.size(), header, wanted);
    } catch (const Error& error) {
      throw error.within(name(position));
    }
    payload.erase(payload.begin(), payload.begin() + static_cast<ptrdiff_t>(header.size_bytes));
    return payload;
  }

  [[nodiscard]] bool missing(size_t) const override { return false; }

  [[nodiscard]] std::string name(size_t position) const override {
    return fmt::format("{}, record {}", file_->path().string(), list().entries[position].index);
  }

  [[nodiscard]] std::filesystem::path home() const override { return file_->path(); }

 private:
  std::vector<uint64_t> offsets_;
  std::unique_ptr<RecordFile> file_;
};

ImageRecordHeader read_header(const RecordFile& file, uint64_t offset, uint64_t payload_bytes) {
  ImageRecordHeader header;
  size_t wanted = kImageHeaderBytes + sizeof(float) * kUsualLabels;
  while (!parse_image_record(file.read(offset, wanted), payload_bytes, header, wanted)) {
  }
  return header;
}

class RecordLister {
 public:
  explicit RecordLister(const std::filesystem::path& path) {
    result_.list.origin = path;
    result_.file = std::make_unique<RecordFile>(path);
  }

  void add_all() {
    const RecordFile& file = *result_.file;
    for (uint64_t offset = 0; offset < file.size_bytes();) offset = add(offset);
  }

  void follow_index(const std::filesystem::path& path) {
    RecordIndex index =
        follow_record_index(path, *result_.file, result_.offsets, result_.list.entries.indexes());
    if (!index.warning.empty()) result_.list.warnings.push_back(index.warning);
    result_.ambiguity = index.ambiguity;
    result_.ids = std::move(index.ids);
    if (index.as_in_file) return;
    ListEntries entries;
    std::vector<uint64_t> offsets;
    for (size_t i = 0; i < index.records.size(); ++i) {
      const size_t record = index.records[i];
      const int64_t number = index.keys[i];
      entries.add(number, result_.list.entries[record].labels, std::to_string(number),
                  static_cast<int>(i) + 1);
      offsets.push_back(result_.offsets[record]);
    }
    result_.list.entries = std::move(entries);
    result_.offsets = std::move(offsets);
  }

  [[nodiscard]] RecordList finish() {
    warn_of_repeated_indexes(result_.list);
    warn_of_missing_labels(result_.list);
    return std::move(result_);
  }

 private:
  // Where the next record begins.
  uint64_t add(uint64_t offset) {
    const RecordFile& file = *result_.file;
    ImageList& list = result_.list;
    const auto number = static_cast<int>(list.entries.size()) + 1;
    try {
      const RecordExtent extent = file.extent(offset);
      const ImageRecordHeader header = read_header(file, offset, extent.payload_bytes);
      const auto columns = static_cast<int>(header.labels.size());
      if (number == 1) list.label_columns = columns;
      if (columns != list.label_columns) {
        throw input_error("{} labels, but the first record has {}", columns, list.label_columns);
      }
      for (const float label : header.labels) {
        if (std::isinf(label)) throw input_error("label {} is not a finite number", label);
      }
      const auto id = static_cast<int64_t>(header.id);
      list.entries.add(id, header.labels, std::to_string(id), number);
      result_.offsets.push_back(offset);
      return extent.next;
    } catch (const Error& error) {
      throw error.within(fmt::format("{}:{}", list.origin.string(), number));
    }
  }

  RecordList result_;
};

}  // namespace

bool parse_image_record(std::span<const std::byte> start, uint64_t payload_bytes,
                        ImageRecordHeader& header, size_t& wanted_bytes) {
  if (payload_bytes < kImageHeaderBytes) {
    throw input_error("a record of {} bytes, expected at least the {} of an image header",
                      payload_bytes, kImageHeaderBytes);
  }
  wanted_bytes = kImageHeaderBytes;
  if (start.size() < kImageHeaderBytes) return false;
  const auto flag = value_at<uint32_t>(start, 0);
  if (flag > (payload_bytes - kImageHeaderBytes) / sizeof(float)) {
    throw input_error("{} labels promised in a record of {} bytes", flag, payload_bytes)
        .with_hint("this RecordIO file may hold something else than pictures");
  }
  wanted_bytes = kImageHeaderBytes + sizeof(float) * flag;
  if (start.size() < wanted_bytes) return false;
  header.id = value_at<uint64_t>(start, 8);
  header.labels.resize(flag == 0 ? 1 : flag);
  std::memcpy(header.labels.data(), start.data() + (flag == 0 ? 4 : kImageHeaderBytes),
              sizeof(float) * header.labels.size());
  header.size_bytes = wanted_bytes;
  return true;
}

RecordList read_record_list(const std::filesystem::path& path) {
  RecordLister lister(path);
  lister.add_all();
  std::filesystem::path index = path;
  index.replace_extension(".idx");
  std::error_code ignored;
  if (index != path && std::filesystem::is_regular_file(index, ignored)) {
    lister.follow_index(index);
  }
  return lister.finish();
}

std::shared_ptr<Pictures> make_record_pictures(ImageList list, std::vector<uint64_t> offsets,
                                               std::unique_ptr<RecordFile> file) {
  return std::make_shared<RecordPictures>(std::move(list), std::move(offsets), std::move(file));
}

}  // namespace orthrus
