// One line of a table as text: fields between separators, quoted where they hold one (RFC 4180).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orthrus {

enum class CsvSplit {
  kWhole,
  kOpenQuote,  // a quoted field goes on in the next line: split both again, joined by a newline
  kTextAfterQuote,  // between a closing quote and the next separator
};

// The first `count` of `fields` become the line's, without blanks around those that are not quoted;
// `fields` is reused from line to line.
[[nodiscard]] CsvSplit split_csv(std::string_view line, char separator,
                                 std::vector<std::string>& fields, size_t& count);

// A field as it must stand in a table whose separator is a comma.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace orthrus
