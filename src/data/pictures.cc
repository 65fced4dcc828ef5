#include "data/pictures.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/threads.h"
#include "data/class_folders.h"
#include "data/record_match.h"
#include "data/record_pictures.h"
#include "data/table.h"
#include "data/table_header.h"
#include "data/text_lines.h"

namespace orthrus {

namespace {

namespace fs = std::filesystem;

class FilePictures final : public Pictures {
 public:
  FilePictures(ImageList list, fs::path folder)
      : Pictures(std::move(list)), folder_(std::move(folder)) {}

  [[nodiscard]] std::vector<std::byte> read(size_t position, uint64_t most_bytes) const override {
    return read_regular_file(path_of(position), most_bytes);
  }

  [[nodiscard]] bool missing(size_t position) const override {
    struct stat status {};
    return ::stat(path_of(position).c_str(), &status) != 0 || !S_ISREG(status.st_mode);
  }

  [[nodiscard]] std::string name(size_t position) const override {
    return path_of(position).string();
  }

  [[nodiscard]] fs::path home() const override { return folder_; }

 private:
  [[nodiscard]] fs::path path_of(size_t position) const {
    return image_path(folder_, list().entries[position].path);
  }

  fs::path folder_;
};

bool is_record_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  if (path.extension() == ".rec") return true;
  const std::vector<std::byte> start = read_prefix(path, sizeof kRecordMagic);
  uint32_t magic = 0;
  if (start.size() == sizeof magic) std::memcpy(&magic, start.data(), sizeof magic);
  return magic == kRecordMagic;
}

bool is_table(const fs::path& path) {
  if (path.extension() == ".csv" || path.extension() == ".tsv") return true;
  constexpr size_t kFirstLineBytes = size_t{1} << 16;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;  // reading it says why
  const std::vector<std::byte> start = read_prefix(path, kFirstLineBytes);
  std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return looks_like_table(text.substr(0, text.find_first_of("\r\n")));
}

// The paths that the file names, each with whether the list has it, and in the file's order.
struct Excluded {
  std::unordered_map<std::string, bool> paths;
  std::vector<std::string> order;
};

Excluded read_excluded(const fs::path& path) {
  Excluded excluded;
  std::ifstream file = open_text(path);
  bool byte_order_mark = false;
  const auto take = [&](std::string_view line) {
    line = strip(line.substr(0, line.find('\t')));
    if (!line.empty() && excluded.paths.emplace(line, false).second) {
      excluded.order.emplace_back(line);
    }
  };
  for_each_line(file, path, take, byte_order_mark);
  return excluded;
}

// What the file names and the list does not have: hardly what was meant.
void warn_of_unmatched(const fs::path& file, const Excluded& excluded, ImageList& list) {
  size_t count = 0;
  const std::string* first = nullptr;
  for (const std::string& path : excluded.order) {
    if (excluded.paths.at(path)) continue;
    if (++count == 1) first = &path;
  }
  if (count == 0) return;
  list.warnings.push_back(
      fmt::format("'{}': {} of its {} paths match no image of '{}', the first: '{}'", file.string(),
                  count, excluded.order.size(), list.origin.string(), *first));
}

// Leaves out what the file names; `offsets` belongs to the entries, or is empty.
void exclude(const fs::path& file, ImageList& list, std::vector<uint64_t>& offsets) {
  if (file.empty()) return;
  Excluded excluded = read_excluded(file);
  std::vector<bool> keep(list.entries.size());
  for (size_t i = 0; i < keep.size(); ++i) {
    const auto found = excluded.paths.find(std::string(list.entries[i].path));
    keep[i] = found == excluded.paths.end();
    if (!keep[i]) found->second = true;
  }
  const auto kept = static_cast<size_t>(std::ranges::count(keep, true));
  if (kept == 0) {
    throw input_error("'{}' leaves out every picture of '{}'", file.string(), list.origin.string());
  }
  const size_t left_out = keep.size() - kept;
  if (left_out > 0) list.entries.filter(keep);
  if (!offsets.empty()) {
    size_t next = 0;
    for (size_t i = 0; i < keep.size(); ++i) {
      if (keep[i]) offsets[next++] = offsets[i];
    }
    offsets.resize(kept);
  }
  list.warnings.push_back(fmt::format("{}: {} of {} pictures left out by '{}'",
                                      list.origin.string(), left_out, keep.size(), file.string()));
  warn_of_unmatched(file, excluded, list);
}

}  // namespace

std::string Pictures::place_in_list(size_t position) const {
  const int line = list_.entries[position].line;
  return line > 0 ? fmt::format("{}:{}", list_.origin.string(), line) : std::string();
}

void Pictures::replace_labels(size_t width, std::vector<float> labels,
                              std::vector<LabelColumn> columns) {
  list_.entries.replace_labels(width, std::move(labels));
  list_.label_columns = static_cast<int>(width);
  list_.columns = std::move(columns);
}

std::shared_ptr<Pictures> make_file_pictures(ImageList list, fs::path folder) {
  return std::make_shared<FilePictures>(std::move(list), std::move(folder));
}

bool holds_pictures(const fs::path& list) {
  std::error_code ignored;
  return fs::is_directory(list, ignored) || is_record_file(list);
}

void leave_out(const fs::path& excluded, ImageList& list) {
  std::vector<uint64_t> none;
  exclude(excluded, list, none);
}

namespace {

void name_columns(const std::vector<std::string>& names, ImageList& list) {
  if (names.empty()) return;
  if (std::ssize(names) != list.label_columns) {
    throw input_error("'{}' has {} label columns, but {} names are given for them: {}",
                      list.origin.string(), list.label_columns, names.size(),
                      fmt::join(names, ", "));
  }
  list.columns.resize(names.size());
  for (size_t i = 0; i < names.size(); ++i) list.columns[i].name = names[i];
}

}  // namespace

DataKind data_kind(const fs::path& list) {
  std::error_code ignored;
  if (fs::is_directory(list, ignored)) return DataKind::kFolders;
  if (is_record_file(list)) return DataKind::kRecords;
  if (list.extension() == ".idx") {
    throw input_error("'{}' is the index of a .rec file, expected that file", list.string());
  }
  if (fs::is_regular_file(list, ignored)) {
    constexpr size_t kMagicBytes = 8;
    const std::vector<std::byte> start = read_prefix(list, kMagicBytes);
    refuse_binary(list, {reinterpret_cast<const char*>(start.data()), start.size()});
  }
  return is_table(list) ? DataKind::kTable : DataKind::kList;
}

namespace {

// Where no labels are wanted they may still be there: records are compared with them.
ImageList list_of(const PictureFiles& files) {
  if (files.labels) return read_list(files.list);
  try {
    return read_list(files.list);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    return read_list(files.list, false);
  }
}

}  // namespace

std::shared_ptr<Pictures> open_pictures(const PictureFiles& files) {
  std::vector<uint64_t> offsets;
  const DataKind kind = data_kind(files.list);
  if (kind == DataKind::kRecords) {
    RecordList records = read_record_list(files.list);
    name_columns(files.columns, records.list);
    exclude(files.exclude, records.list, records.offsets);
    return make_record_pictures(std::move(records.list), std::move(records.offsets),
                                std::move(records.file));
  }
  ImageList list;
  if (kind == DataKind::kFolders) {
    list = list_class_folders(files.list);
  } else {
    list = kind == DataKind::kTable ? read_table(files.list, files.table) : list_of(files);
  }
  name_columns(files.columns, list);
  const bool in_records = kind != DataKind::kFolders && is_record_file(files.folder);
  if (in_records) refuse_index_clash(list, files.folder);  // also with a line that is left out
  exclude(files.exclude, list, offsets);
  if (in_records) return match_records(std::move(list), files.folder);
  return make_file_pictures(std::move(list),
                            kind == DataKind::kFolders ? files.list : files.folder);
}

fs::path image_path(const fs::path& image_root, std::string_view path) {
  return image_root / path;
}

std::vector<std::string> find_missing_images(const Pictures& pictures, size_t most,
                                             size_t& missing_count) {
  const ListEntries& entries = pictures.list().entries;
  std::vector<uint8_t> missing(entries.size());
  parallel_for(static_cast<int64_t>(missing.size()), [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      missing[i] = pictures.missing(i) ? 1 : 0;
    }
  });
  missing_count = 0;
  std::vector<std::string> paths;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (missing[i] == 0) continue;
    if (++missing_count <= most) paths.emplace_back(entries[i].path);
  }
  return paths;
}

std::vector<std::string> find_missing_images(const Pictures& pictures, size_t most,
                                             size_t& missing_count, const std::stop_token& stop) {
  const ListEntries& entries = pictures.list().entries;
  missing_count = 0;
  std::vector<std::string> paths;
  for (size_t i = 0; i < entries.size() && !stop.stop_requested(); ++i) {
    if (!pictures.missing(i)) continue;
    if (++missing_count <= most) paths.emplace_back(entries[i].path);
  }
  return paths;
}

}  // namespace orthrus
