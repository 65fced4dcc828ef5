#include "data/list.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <istream>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "data/text_lines.h"

namespace orthrus {

namespace {

constexpr auto kListExpected = "columns: index, labels..., path; separated by TAB";

// Turns lines into entries; what is wrong with a line is an answer, not an exception, so that all
// bad lines can be told at once.
class ListParser {
 public:
  ListParser(const std::filesystem::path& path, size_t text_bytes, bool labels)
      : problems_(path), text_bytes_(text_bytes), wants_labels_(labels) {
    list_.origin = path;
  }

  void add_line(std::string_view line) {
    ++line_;
    bytes_ += line.size() + 1;
    if (line.ends_with('\r')) ++windows_lines_;
    line = strip(line);
    if (line.empty()) {
      if (++blank_lines_ == 1) first_blank_ = line_;
      return;
    }
    if (const std::string problem = parse(line); !problem.empty()) problems_.add(line_, problem);
    if (list_.entries.size() == kSampledEntries) make_room();
  }

  [[nodiscard]] ImageList finish(bool byte_order_mark) {
    if (!problems_.empty()) throw problems_.error("list");
    if (list_.entries.empty()) {
      throw input_error("the list '{}' holds no picture ({})", list_.origin.string(),
                        kListExpected);
    }
    const auto warn = [&](const std::string& text) {
      list_.warnings.push_back(list_.origin.string() + ": " + text);
    };
    if (byte_order_mark) warn("starts with a UTF-8 byte order mark; skipped");
    if (windows_lines_ > 0) warn(fmt::format("{} lines end as on Windows (CR LF)", windows_lines_));
    if (blank_lines_ > 0) {
      warn(fmt::format("{} blank lines skipped (first: line {})", blank_lines_, first_blank_));
    }
    if (backslash_paths_ > 0) {
      warn(fmt::format("backslashes in {} path{} are read as slashes", backslash_paths_,
                       backslash_paths_ == 1 ? "" : "s"));
    }
    if (!wants_labels_) return std::move(list_);
    warn_of_repeated_indexes(list_);
    warn_of_missing_labels(list_);
    return std::move(list_);
  }

 private:
  static constexpr size_t kSampledEntries = 1000;

  // Growing step by step would need twice the memory in between.
  void make_room() {
    constexpr size_t kMostBytes = size_t{8} << 30;
    if (text_bytes_ <= bytes_ || text_bytes_ > kMostBytes) return;
    const size_t entries = text_bytes_ / (bytes_ / kSampledEntries);
    list_.entries.reserve(entries + entries / 8, text_bytes_, list_.entries.label_columns());
  }

  // The problem with the line, or an empty string when it was added to the list.
  [[nodiscard]] std::string parse(std::string_view line) {
    if (line.find('\0') != line.npos) return "a zero byte: this is not a text file in UTF-8";
    fields_.clear();
    for (size_t begin = 0; begin <= line.size();) {
      const size_t end = std::min(line.find('\t', begin), line.size());
      fields_.push_back(strip(line.substr(begin, end - begin)));
      begin = end + 1;
    }
    if (!wants_labels_) return add_image();
    if (fields_.size() == 1 && line.find(' ') != line.npos) {
      return fmt::format("no TAB in '{}'; are its columns separated by spaces? ({})", shown(line),
                         kListExpected);
    }
    if (fields_.size() < 3) {
      return fmt::format("{} column{} in '{}', at least 3 expected ({})", fields_.size(),
                         fields_.size() == 1 ? "" : "s", shown(line), kListExpected);
    }
    return add_entry();
  }

  [[nodiscard]] std::string add_entry() {
    const std::optional<int64_t> index = parse_number<int64_t>(fields_.front());
    if (!index) {
      return fmt::format("index '{}' is not a whole number ({})", shown(fields_[0]), kListExpected);
    }
    const size_t columns = fields_.size() - 2;
    labels_.clear();
    for (size_t i = 1; i <= columns; ++i) {
      const std::optional<float> label = parse_label(fields_[i]);
      if (!label) {
        return fmt::format("label '{}' is not a {}number ({})", shown(fields_[i]),
                           parse_number<float>(fields_[i]) ? "finite " : "", kListExpected);
      }
      labels_.push_back(*label);
    }
    if (fields_.back().empty()) return fmt::format("the path is empty ({})", kListExpected);
    if (columns_from_ == 0) {
      list_.label_columns = static_cast<int>(columns);
      columns_from_ = line_;
    } else if (static_cast<int>(columns) != list_.label_columns) {
      return fmt::format("{} label column{}, but line {} has {}", columns, columns == 1 ? "" : "s",
                         columns_from_, list_.label_columns);
    }
    add(*index);
    return {};
  }

  // A path alone, or an index, whatever stands between, and a path.
  [[nodiscard]] std::string add_image() {
    const bool indexed = fields_.size() > 1;
    const std::optional<int64_t> index = indexed ? parse_number<int64_t>(fields_.front())
                                                 : static_cast<int64_t>(list_.entries.size());
    if (!index) {
      return fmt::format(
          "index '{}' is not a whole number (expected a path alone, or index and "
          "path; separated by TAB)",
          shown(fields_[0]));
    }
    if (fields_.back().empty()) return "the path is empty";
    if (!indexed) list_.numbered_by_row = true;
    list_.label_columns = 1;
    labels_.assign(1, std::numeric_limits<float>::quiet_NaN());
    add(*index);
    return {};
  }

  void add(int64_t index) {
    std::string_view path = fields_.back();
    if (path.find('\\') != path.npos && path.find('/') == path.npos) {
      path_ = path;
      std::ranges::replace(path_, '\\', '/');
      path = path_;
      ++backslash_paths_;
    }
    list_.entries.add(index, labels_, path, line_);
  }

  ImageList list_;
  LineProblems problems_;
  std::vector<std::string_view> fields_;
  std::string path_;
  std::vector<float> labels_;
  size_t text_bytes_;
  bool wants_labels_;
  size_t backslash_paths_ = 0;
  size_t bytes_ = 0;  // of the lines so far
  size_t windows_lines_ = 0;
  size_t blank_lines_ = 0;
  int line_ = 0;
  int first_blank_ = 0;
  int columns_from_ = 0;  // the line that set the number of label columns
};

// Positions whose index an earlier one has, and the first of them.
struct Repeats {
  size_t count = 0;
  size_t first = 0;
};

// A bit for each possible index: an eighth of a byte where sorting would take sixteen.
Repeats repeats_by_bits(std::span<const int64_t> indexes, int64_t least, uint64_t range) {
  std::vector<bool> seen(range + 1);
  Repeats repeats;
  for (size_t i = 0; i < indexes.size(); ++i) {
    const uint64_t bit = static_cast<uint64_t>(indexes[i]) - static_cast<uint64_t>(least);
    if (seen[bit] && ++repeats.count == 1) repeats.first = i;
    seen[bit] = true;
  }
  return repeats;
}

Repeats repeats_by_sorting(std::span<const int64_t> indexes) {
  std::vector<std::pair<int64_t, size_t>> sorted;
  sorted.reserve(indexes.size());
  for (size_t i = 0; i < indexes.size(); ++i) sorted.emplace_back(indexes[i], i);
  std::ranges::sort(sorted);
  Repeats repeats;
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].first != sorted[i - 1].first) continue;
    const size_t at = sorted[i].second;
    repeats.first = ++repeats.count == 1 ? at : std::min(repeats.first, at);
  }
  return repeats;
}

Repeats find_repeats(std::span<const int64_t> indexes) {
  if (indexes.empty()) return {};
  const auto [least, most] = std::ranges::minmax(indexes);
  const uint64_t range = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
  if (range / 64 <= indexes.size()) return repeats_by_bits(indexes, least, range);
  return repeats_by_sorting(indexes);
}

}  // namespace

void warn_of_repeated_indexes(ImageList& list) {
  const std::span<const int64_t> indexes = list.entries.indexes();
  const Repeats repeats = find_repeats(indexes);
  if (repeats.count == 0) return;
  const int64_t index = indexes[repeats.first];
  const auto earlier = static_cast<size_t>(std::ranges::find(indexes, index) - indexes.begin());
  list.warnings.push_back(fmt::format(
      "{}: {} lines repeat the index of another (first: {} in lines {} and {}); all are used",
      list.origin.string(), repeats.count, index, list.entries[earlier].line,
      list.entries[repeats.first].line));
}

void warn_of_missing_labels(ImageList& list) {
  size_t missing = 0, first = 0;
  for (size_t position = 0; position < list.entries.size(); ++position) {
    for (const float label : list.entries[position].labels) {
      if (std::isnan(label) && ++missing == 1) first = position;
    }
  }
  if (missing == 0) return;
  list.warnings.push_back(
      fmt::format("{}: {} of {} labels are missing (first: line {})", list.origin.string(), missing,
                  list.entries.size() * list.entries.label_columns(), list.entries[first].line));
}

ImageList read_list(const std::filesystem::path& path, bool labels) {
  std::ifstream file = open_text(path);
  std::error_code ignored;
  const uintmax_t bytes = std::filesystem::file_size(path, ignored);
  return parse_list(file, path, ignored ? 0 : static_cast<size_t>(bytes), labels);
}

ImageList parse_list(std::istream& text, const std::filesystem::path& origin, size_t text_bytes,
                     bool labels) {
  ListParser parser(origin, text_bytes, labels);
  bool byte_order_mark = false;
  for_each_line(
      text, origin, [&](std::string_view line) { parser.add_line(line); }, byte_order_mark);
  return parser.finish(byte_order_mark);
}

}  // namespace orthrus
