#include "data/table_header.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/suggest.h"
#include "data/csv.h"
#include "data/text_lines.h"

namespace orthrus {
namespace {

constexpr auto kSeparators = std::to_array<char>({'\t', ',', ';', '|'});

// The first group has precedence over the second, and that over the third.
constexpr auto kPathNames = std::to_array<std::string_view>({"path", "file", "filename", "image"});
constexpr auto kMorePathNames = std::to_array<std::string_view>(
    {"image_path", "img_path", "filepath", "file_path", "imagepath", "full_path", "image_file",
     "imagefile", "file_name", "image_name", "img_name", "imagename", "img_file", "image_filename",
     "photo_path", "image_index"});
constexpr auto kVaguePathNames =
    std::to_array<std::string_view>({"img", "images", "photo", "picture", "image_id", "img_id"});

// In lower case, with underscores for blanks and hyphens.
std::string plain_name(std::string_view text) {
  std::string result = lower_case(text);
  std::ranges::replace_if(
      result, [](char c) { return c == ' ' || c == '-'; }, '_');
  return result;
}

template <size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, plain_name(name)) != names.end();
}

// 0 to 2 by group, or 3 for another name.
int path_rank(std::string_view name) {
  if (is_among(kPathNames, name)) return 0;
  if (is_among(kMorePathNames, name)) return 1;
  return is_among(kVaguePathNames, name) ? 2 : 3;
}

std::optional<size_t> find_path(std::span<const std::string> fields) {
  const auto best = std::ranges::min_element(fields, {}, path_rank);
  if (best == fields.end() || path_rank(*best) == 3) return std::nullopt;
  return static_cast<size_t>(best - fields.begin());
}

// Of a column that the user named.
size_t named_field(std::span<const std::string> fields, const std::string& name, const char* what,
                   const std::string& where) {
  const auto found = std::ranges::find(fields, name);
  if (found != fields.end()) return static_cast<size_t>(found - fields.begin());
  std::string hint = did_you_mean(name, {fields.begin(), fields.end()});
  if (hint.empty()) hint = fmt::format("its columns are: {}", fmt::join(fields, ", "));
  throw input_error("{}: no column is named '{}', the {}", where, shown(name), what)
      .with_hint(std::move(hint));
}

Error no_path_column(std::span<const std::string> fields, const std::string& where) {
  return input_error("{}: no column holds the paths by its name ({}, image_path, ...); got: {}",
                     where, fmt::join(kPathNames, ", "),
                     shown(fmt::format("{}", fmt::join(fields, ", "))))
      .with_hint(
          "name it with --path-column; the first line has to name the columns, for example: "
          "path,colour,shape");
}

// A column of splits is a choice of the user's (--split-column), and never a label by itself.
constexpr auto kSplitColumnNames =
    std::to_array<std::string_view>({"split", "subset", "partition", "data_set", "dataset_split"});

// As pandas names a column of row numbers.
bool is_row_number(std::string_view name) {
  return name.starts_with("Unnamed: ");
}

std::vector<std::string> split_header(std::string_view header, char separator) {
  std::vector<std::string> fields;
  size_t count = 0;
  if (split_csv(header, separator, fields, count) != CsvSplit::kWhole) return {};
  fields.resize(count);
  return fields;
}

}  // namespace

TableHeader understand_header(std::span<const std::string> fields, const HeaderNames& names,
                              const std::string& where) {
  TableHeader header;
  header.fields = fields.size();
  // A separator at the end of each line makes no column.
  while (header.fields > 1 && fields[header.fields - 1].empty()) --header.fields;
  const std::span<const std::string> named = fields.first(header.fields);
  const std::optional<size_t> path =
      names.path.empty() ? find_path(named)
                         : named_field(named, names.path, "one with the paths", where);
  if (!path) throw no_path_column(named, where);
  header.path_field = *path;
  if (!names.split.empty()) {
    header.split_field = named_field(named, names.split, "one with the split", where);
  }
  for (size_t i = 0; i < named.size(); ++i) {
    if (i == header.path_field) continue;
    const bool is_index = plain_name(named[i]) == "index" || (named[i].empty() && i == 0);
    if (!header.index_field && is_index) {
      header.index_field = i;
    } else if (named[i].empty()) {
      header.unnamed_fields.push_back(i);
    } else {
      const bool special = path_rank(named[i]) < 3 || is_row_number(named[i]) ||
                           is_among(kSplitColumnNames, named[i]) || header.split_field == i;
      header.columns.push_back({.field = i, .name = named[i], .is_candidate = !special});
    }
  }
  return header;
}

char header_separator(std::string_view header, const std::string& path_column) {
  for (const char separator : kSeparators) {
    if (header.find(separator) == header.npos) continue;
    const std::vector<std::string> fields = split_header(header, separator);
    const bool has_path = path_column.empty()
                              ? find_path(fields).has_value()
                              : std::ranges::find(fields, path_column) != fields.end();
    if (has_path) return separator;
  }
  for (const char separator : kSeparators) {
    if (header.find(separator) != header.npos) return separator;
  }
  return ',';
}

std::optional<char> declared_separator(std::string_view line) {
  line = strip(line);
  if (line.starts_with('"') && line.ends_with('"') && line.size() > 2) {
    line = line.substr(1, line.size() - 2);
  }
  if (line == "sep=") return '\t';  // strip() took it off
  if (line.size() != 5 || !line.starts_with("sep=")) return std::nullopt;
  return line.back();
}

bool looks_like_table(std::string_view first_line) {
  if (declared_separator(first_line)) return true;
  const std::vector<std::string> fields = split_header(first_line, header_separator(first_line));
  // The first field of an image list is a number.
  if (fields.empty() || parse_number<double>(fields.front())) return false;
  return find_path(fields).has_value();
}

}  // namespace orthrus
