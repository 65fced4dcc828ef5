#include "data/csv.h"

#include <algorithm>

#include "data/text_lines.h"

namespace orthrus {
namespace {

// One field from `at` on, up to the separator or the end; `at` then stands there.
CsvSplit take_field(std::string_view line, char separator, size_t& at, std::string& field) {
  field.clear();
  while (at < line.size() && line[at] == ' ') ++at;
  if (at == line.size() || line[at] != '"') {
    const size_t end = std::min(line.find(separator, at), line.size());
    field = strip(line.substr(at, end - at));
    at = end;
    return CsvSplit::kWhole;
  }
  for (++at;; ++at) {
    const size_t quote = line.find('"', at);
    if (quote == line.npos) return CsvSplit::kOpenQuote;
    field += line.substr(at, quote - at);
    at = quote + 1;
    if (at == line.size() || line[at] != '"') break;
    field += '"';
  }
  const size_t end = std::min(line.find(separator, at), line.size());
  if (!strip(line.substr(at, end - at)).empty()) return CsvSplit::kTextAfterQuote;
  at = end;
  return CsvSplit::kWhole;
}

}  // namespace

CsvSplit split_csv(std::string_view line, char separator, std::vector<std::string>& fields,
                   size_t& count) {
  count = 0;
  for (size_t at = 0;; ++at) {
    if (count == fields.size()) fields.emplace_back();
    const CsvSplit result = take_field(line, separator, at, fields[count++]);
    if (result != CsvSplit::kWhole) return result;
    if (at == line.size()) return result;
  }
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace orthrus
