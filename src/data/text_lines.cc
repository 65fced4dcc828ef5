#include "data/text_lines.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <istream>
#include <limits>
#include <utility>

namespace orthrus {

namespace {

constexpr size_t kPieceBytes = size_t{1} << 18;
constexpr size_t kMaxLineBytes = size_t{1} << 20;
constexpr size_t kMaxListed = 10;

Error unreadable_text(const std::filesystem::path& path, const std::string& reason) {
  return input_error("cannot read the list '{}': {}", path.string(), reason);
}

bool is_nan_word(std::string_view text) {
  return text.size() == 3 && (text[0] | 0x20) == 'n' && (text[1] | 0x20) == 'a' &&
         (text[2] | 0x20) == 'n';
}

}  // namespace

void refuse_binary(const std::filesystem::path& path, std::string_view start) {
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
    throw unreadable_text(path, "it is UTF-16, expected UTF-8 or ASCII")
        .with_hint("save it as UTF-8, or: iconv -f utf-16 -t utf-8 OLD > NEW");
  }
  if (start.starts_with("PK\x03\x04") || start.starts_with("\xD0\xCF\x11\xE0")) {
    throw unreadable_text(path, "it is a spreadsheet (Excel, LibreOffice) or another archive")
        .with_hint("export the sheet as CSV in UTF-8 and name that file");
  }
  if (start.starts_with("\x1F\x8B")) {
    throw unreadable_text(path, "it is compressed (gzip)")
        .with_hint("unpack it first: gunzip -k FILE");
  }
}

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    size_t more = 0;
    if (first >= 0xF0 && first < 0xF5) {
      more = 3;
    } else if (first >= 0xE0) {
      more = first < 0xF0 ? 2 : text.size();
    } else if (first >= 0x80) {
      more = first >= 0xC2 && first < 0xE0 ? 1 : text.size();
    }
    if (more >= text.size() - i) return false;
    for (size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += more + 1;
  }
  return true;
}

std::string_view strip(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\v\f";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<float> parse_label(std::string_view text) {
  if (text.empty() || is_nan_word(text)) return std::numeric_limits<float>::quiet_NaN();
  const std::optional<float> label = parse_number<float>(text);
  return label && std::isfinite(*label) ? label : std::nullopt;
}

void for_each_line(std::istream& text, const std::filesystem::path& origin,
                   const std::function<void(std::string_view)>& take, bool& byte_order_mark) {
  std::string buffer;  // the unfinished line, and the piece after it
  size_t lines = 0;
  const auto take_line = [&](std::string_view line) {
    if (++lines == 1 && line.starts_with("\xEF\xBB\xBF")) {
      byte_order_mark = true;
      line.remove_prefix(3);
    }
    take(line);
  };
  bool first_piece = true;
  while (text) {
    const size_t kept = buffer.size();
    buffer.resize(kept + kPieceBytes);
    text.read(buffer.data() + kept, kPieceBytes);
    buffer.resize(kept + static_cast<size_t>(text.gcount()));
    if (std::exchange(first_piece, false)) refuse_binary(origin, buffer);
    size_t begin = 0;
    for (size_t end = 0; (end = buffer.find('\n', begin)) != buffer.npos; begin = end + 1) {
      take_line(std::string_view(buffer).substr(begin, end - begin));
    }
    buffer.erase(0, begin);
    if (buffer.size() > kMaxLineBytes) {
      throw unreadable_text(
          origin, fmt::format("line {} is longer than {} bytes: this is not an image list",
                              lines + 1, kMaxLineBytes));
    }
  }
  if (text.bad()) throw unreadable_text(origin, "a read error");
  if (!buffer.empty()) take_line(buffer);
}

std::ifstream open_text(const std::filesystem::path& path) {
  std::error_code ignored;  // opening tells what is wrong
  const std::filesystem::file_status status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) throw unreadable_text(path, "it is a folder");
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw unreadable_text(path, "it is not a regular file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw unreadable_text(path, std::generic_category().message(errno));
  return file;
}

void LineProblems::add(int line, std::string_view problem) {
  if (++count_ == 1) first_ = problem;
  alike_ = alike_ && problem == first_;
  if (count_ <= kMaxListed) {
    lines_.push_back(fmt::format("{}:{}: {}", origin_.string(), line, problem));
  }
}

Error LineProblems::error(std::string_view kind) const {
  if (count_ == 1) return input_error("cannot read {}", lines_.front());
  if (alike_ && count_ > 2) {
    return input_error("cannot read {} (and {} more such lines)", lines_.front(), count_ - 1);
  }
  std::string text = fmt::format("the {} '{}' has {} bad lines", kind, origin_.string(), count_);
  for (const std::string& line : lines_) text += "\n  " + line;
  if (count_ > kMaxListed) text += fmt::format("\n  and {} more", count_ - kMaxListed);
  return {ErrorKind::kInput, text};
}

}  // namespace orthrus
