// What the readers of text (lists, tables) share: lines in pieces, fields, numbers, and the
// collection of what is wrong, so that all bad lines can be told at once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/numbers.h"
#include "base/text.h"

namespace orthrus {

// Without spaces, tabs and carriage returns at both ends.
[[nodiscard]] std::string_view strip(std::string_view text);

// A label cell: empty and "nan" (in any case) are a missing label, NaN. Nothing for what is no
// number or not finite.
[[nodiscard]] std::optional<float> parse_label(std::string_view text);

// Hands over each line without its newline (a carriage return stays) and without a byte order mark.
// Throws kInput for UTF-16, a line over 1 MiB and read errors. `byte_order_mark` tells of one.
void for_each_line(std::istream& text, const std::filesystem::path& origin,
                   const std::function<void(std::string_view line)>& take, bool& byte_order_mark);

// Throws kInput where a file's first bytes are those of UTF-16, a spreadsheet or a compressed file,
// with what to do about it.
void refuse_binary(const std::filesystem::path& path, std::string_view start);

[[nodiscard]] bool is_utf8(std::string_view text);

// Opens a text file; throws kInput with the reason, also for a folder, a pipe or a device.
[[nodiscard]] std::ifstream open_text(const std::filesystem::path& path);

class LineProblems {
 public:
  explicit LineProblems(std::filesystem::path origin) : origin_(std::move(origin)) {}

  void add(int line, std::string_view problem);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  // One line: "cannot read train.lst:17: ..."; several: the first ten and their number, or where
  // all are the same the first one.
  [[nodiscard]] Error error(std::string_view kind) const;

 private:
  std::filesystem::path origin_;
  std::vector<std::string> lines_;
  std::string first_;  // problem
  bool alike_ = true;  // all are like the first
  size_t count_ = 0;
};

}  // namespace orthrus
