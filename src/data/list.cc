#include "data/list.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <istream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace orthrus {

namespace {

constexpr size_t kPieceBytes = size_t{1} << 18;
constexpr size_t kMaxLineBytes = size_t{1} << 20;
constexpr size_t kMaxListed = 10;
constexpr std::string_view kBlanks = " \t\r\v\f";
constexpr auto kExpected = "columns: index, labels..., path; separated by TAB";

std::string_view strip(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Foreign text for a message: shortened, control characters replaced.
std::string shown(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string result(text.substr(0, kMost));
  std::ranges::replace_if(
      result, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return text.size() > kMost ? result + "..." : result;
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Turns lines into entries; what is wrong with a line is an answer, not an exception, so that all
// bad lines can be told at once.
class ListParser {
 public:
  explicit ListParser(const std::filesystem::path& path) { list_.origin = path; }

  void add_line(std::string_view line) {
    ++line_;
    if (line_ == 1) line = without_byte_order_mark(line);
    if (line.ends_with('\r')) ++windows_lines_;
    line = strip(line);
    if (line.empty()) {
      if (++blank_lines_ == 1) first_blank_ = line_;
      return;
    }
    if (const std::string problem = parse(line); !problem.empty()) {
      if (++bad_lines_ <= kMaxListed) {
        problems_.push_back(fmt::format("{}:{}: {}", list_.origin.string(), line_, problem));
      }
    }
  }

  [[nodiscard]] int line() const { return line_; }

  [[nodiscard]] ImageList finish() {
    if (bad_lines_ > 0) throw bad_lines_error();
    if (list_.entries.empty()) {
      throw input_error("the list '{}' holds no picture ({})", list_.origin.string(), kExpected);
    }
    warn();
    return std::move(list_);
  }

 private:
  std::string_view without_byte_order_mark(std::string_view line) {
    byte_order_mark_ = line.starts_with("\xEF\xBB\xBF");
    return byte_order_mark_ ? line.substr(3) : line;
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
    if (fields_.size() == 1 && line.find(' ') != line.npos) {
      return fmt::format("no TAB in '{}'; are its columns separated by spaces? ({})", shown(line),
                         kExpected);
    }
    if (fields_.size() < 3) {
      return fmt::format("{} column{} in '{}', at least 3 expected ({})", fields_.size(),
                         fields_.size() == 1 ? "" : "s", shown(line), kExpected);
    }
    return add_entry();
  }

  [[nodiscard]] std::string add_entry() {
    ListEntry entry;
    entry.line = line_;
    const std::optional<int64_t> index = parse_number<int64_t>(fields_.front());
    if (!index)
      return fmt::format("index '{}' is not a whole number ({})", shown(fields_[0]), kExpected);
    entry.index = *index;
    const size_t columns = fields_.size() - 2;
    entry.labels.reserve(columns);
    for (size_t i = 1; i <= columns; ++i) {
      if (fields_[i].empty()) return fmt::format("label column {} is empty ({})", i, kExpected);
      const std::optional<float> label = parse_number<float>(fields_[i]);
      if (!label) {
        return fmt::format("label '{}' is not a number ({})", shown(fields_[i]), kExpected);
      }
      if (!std::isfinite(*label)) {
        return fmt::format("label '{}' is not a finite number", shown(fields_[i]));
      }
      entry.labels.push_back(*label);
    }
    if (fields_.back().empty()) return fmt::format("the path is empty ({})", kExpected);
    if (columns_from_ == 0) {
      list_.label_columns = static_cast<int>(columns);
      columns_from_ = line_;
    } else if (static_cast<int>(columns) != list_.label_columns) {
      return fmt::format("{} label column{}, but line {} has {}", columns, columns == 1 ? "" : "s",
                         columns_from_, list_.label_columns);
    }
    entry.path = fields_.back();
    list_.entries.push_back(std::move(entry));
    return {};
  }

  [[nodiscard]] Error bad_lines_error() const {
    if (bad_lines_ == 1) return input_error("cannot read {}", problems_.front());
    std::string text =
        fmt::format("the list '{}' has {} bad lines", list_.origin.string(), bad_lines_);
    for (const std::string& problem : problems_) text += "\n  " + problem;
    if (bad_lines_ > kMaxListed) text += fmt::format("\n  and {} more", bad_lines_ - kMaxListed);
    return {ErrorKind::kInput, text};
  }

  void warn() {
    const auto add = [&](const std::string& text) {
      list_.warnings.push_back(list_.origin.string() + ": " + text);
    };
    if (byte_order_mark_) add("starts with a UTF-8 byte order mark; skipped");
    if (windows_lines_ > 0) add(fmt::format("{} lines end as on Windows (CR LF)", windows_lines_));
    if (blank_lines_ > 0) {
      add(fmt::format("{} blank lines skipped (first: line {})", blank_lines_, first_blank_));
    }
    warn_of_duplicates(add);
  }

  template <typename Add>
  void warn_of_duplicates(const Add& add) const {
    std::vector<std::pair<int64_t, int>> seen;  // index and line
    seen.reserve(list_.entries.size());
    for (const ListEntry& entry : list_.entries) seen.emplace_back(entry.index, entry.line);
    std::ranges::sort(seen);
    size_t duplicates = 0;
    std::string first;
    for (size_t i = 1; i < seen.size(); ++i) {
      if (seen[i].first != seen[i - 1].first || ++duplicates > 1) continue;
      first =
          fmt::format("{} in lines {} and {}", seen[i].first, seen[i - 1].second, seen[i].second);
    }
    if (duplicates > 0) {
      add(fmt::format("{} lines repeat the index of another (first: {}); all are used", duplicates,
                      first));
    }
  }

  ImageList list_;
  std::vector<std::string_view> fields_;
  std::vector<std::string> problems_;
  size_t bad_lines_ = 0;
  size_t windows_lines_ = 0;
  size_t blank_lines_ = 0;
  int line_ = 0;
  int first_blank_ = 0;
  int columns_from_ = 0;  // the line that set the number of label columns
  bool byte_order_mark_ = false;
};

Error unreadable(const std::filesystem::path& path, const std::string& reason) {
  return input_error("cannot read the list '{}': {}", path.string(), reason);
}

void refuse_utf16(const std::filesystem::path& path, std::string_view start) {
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
    throw unreadable(path, "it is UTF-16, expected UTF-8 or ASCII")
        .with_hint("save it as UTF-8, or: iconv -f utf-16 -t utf-8 OLD > NEW");
  }
}

}  // namespace

ImageList read_list(const std::filesystem::path& path) {
  std::error_code ignored;  // opening tells what is wrong
  if (std::filesystem::is_directory(path, ignored)) throw unreadable(path, "it is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw unreadable(path, std::generic_category().message(errno));
  return parse_list(file, path);
}

ImageList parse_list(std::istream& text, const std::filesystem::path& origin) {
  ListParser parser(origin);
  std::string buffer;  // the unfinished line, and the piece after it
  bool first_piece = true;
  while (text) {
    const size_t kept = buffer.size();
    buffer.resize(kept + kPieceBytes);
    text.read(buffer.data() + kept, kPieceBytes);
    buffer.resize(kept + static_cast<size_t>(text.gcount()));
    if (std::exchange(first_piece, false)) refuse_utf16(origin, buffer);
    size_t begin = 0;
    for (size_t end = 0; (end = buffer.find('\n', begin)) != buffer.npos; begin = end + 1) {
      parser.add_line(std::string_view(buffer).substr(begin, end - begin));
    }
    buffer.erase(0, begin);
    if (buffer.size() > kMaxLineBytes) {
      throw unreadable(origin,
                       fmt::format("line {} is longer than {} bytes: this is not an image list",
                                   parser.line() + 1, kMaxLineBytes));
    }
  }
  if (text.bad()) throw unreadable(origin, "a read error");
  if (!buffer.empty()) parser.add_line(buffer);
  return parser.finish();
}

}  // namespace orthrus
