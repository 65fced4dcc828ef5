#include "data/table.h"

#include <algorithm>
#include <fstream>
#include <istream>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "data/csv.h"
#include "data/table_header.h"
#include "data/text_lines.h"

namespace orthrus {

namespace {

constexpr size_t kMaxCells = 1'000'000;
constexpr size_t kMaxColumns = 10'000;

struct CellHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// The distinct texts of a column that is read.
struct CellReader {
  size_t field = 0;
  size_t column = 0;  // of the list
  std::unordered_map<std::string, float, CellHash, std::equal_to<>> number_of = {};
};

bool is_selected(const ColumnSelection& selection, const std::string& name, size_t place) {
  if (selection.all || std::ranges::find(selection.names, name) != selection.names.end()) {
    return true;
  }
  return std::ranges::find(selection.places, static_cast<int>(place)) != selection.places.end();
}

void point_for_comma(std::string& text) {
  const size_t comma = text.find(',');
  if (comma == text.npos) return;
  std::string number = text;
  number[comma] = '.';
  if (parse_number<double>(number)) text = std::move(number);
}

class TableParser {
 public:
  TableParser(const std::filesystem::path& origin, const TableOptions& options)
      : problems_(origin), options_(options) {
    list_.origin = origin;
  }

  void add_line(std::string_view line) {
    ++line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (pending_.empty()) {
      first_line_ = line_;
      if (strip(line).empty()) return;
    } else {
      pending_ += '\n';
      pending_ += line;
      line = pending_;
    }
    if (line.find('\0') != line.npos) {
      throw input_error("{}: a zero byte: this is not a text file in UTF-8", here());
    }
    if (header_known_) return add_row(line);
    if (pending_.empty() && !separator_) {
      separator_ = declared_separator(line);
      if (separator_) return;
      separator_ = header_separator(line, options_.path_column);
    }
    add_header(line);
  }

  [[nodiscard]] bool header_known() const { return header_known_; }

  [[nodiscard]] ImageList finish() {
    if (!pending_.empty()) throw open_quote();
    if (!problems_.empty()) throw problems_.error("table");
    if (list_.entries.empty()) {
      throw input_error("the table '{}' holds no image{}", list_.origin.string(),
                        options_.splits.empty()
                            ? std::string()
                            : fmt::format(" whose '{}' is {}", options_.split_column,
                                          fmt::join(options_.splits, " or ")));
    }
    list_.numbered_by_row = !header_.index_field;
    warn();
    return std::move(list_);
  }

  // The label columns after the header, for a reader that wants no rows.
  [[nodiscard]] std::vector<LabelColumn> columns() {
    if (!header_known_) (void)finish();
    return std::move(list_.columns);
  }

 private:
  [[nodiscard]] std::string here() const {
    return fmt::format("{}:{}", list_.origin.string(), line_);
  }

  [[nodiscard]] Error open_quote() const {
    return input_error("{}:{}: a quote is opened and not closed", list_.origin.string(),
                       first_line_)
        .with_hint("double a quote inside of a quoted field");
  }

  // False: the line continues in the next one, or was found bad.
  [[nodiscard]] bool split(std::string_view line) {
    const CsvSplit result = split_csv(line, *separator_, fields_, field_count_);
    if (result == CsvSplit::kOpenQuote) {
      constexpr int kMostLines = 100;  // all of them are split again for each
      if (line_ - first_line_ >= kMostLines) throw open_quote();
      if (pending_.empty()) pending_ = line;
      return false;
    }
    if (result == CsvSplit::kTextAfterQuote) {
      problems_.add(first_line_, "text between a closing quote and the next separator");
      pending_.clear();
    }
    return result == CsvSplit::kWhole;
  }

  void add_header(std::string_view line) {
    if (!split(line)) {
      if (!problems_.empty()) throw problems_.error("table");
      return;
    }
    const std::span<const std::string> names(fields_.data(), field_count_);
    if (names.size() > kMaxColumns) {
      throw input_error("{}: {} columns, at most {} expected", list_.origin.string(), names.size(),
                        kMaxColumns);
    }
    header_ = understand_header(names, {options_.path_column, options_.split_column},
                                fmt::format("{}:{}", list_.origin.string(), first_line_));
    for (size_t i = 0; i < header_.columns.size(); ++i) {
      const HeaderColumn& column = header_.columns[i];
      const bool read = is_selected(options_.selection, column.name, i);
      list_.columns.push_back(
          {.name = column.name, .is_text = read, .is_candidate = column.is_candidate});
      if (read) readers_.push_back({.field = column.field, .column = i});
    }
    list_.label_columns = static_cast<int>(list_.columns.size());
    labels_.assign(list_.columns.size(), std::numeric_limits<float>::quiet_NaN());
    header_known_ = true;
    pending_.clear();
  }

  void add_row(std::string_view line) {
    if (!split(line)) return;
    const std::string problem = parse_row();
    if (!problem.empty()) problems_.add(first_line_, problem);
    pending_.clear();
  }

  [[nodiscard]] std::span<const std::string> row() const {
    return std::span(fields_).first(field_count_);
  }

  // The problem with the row, or an empty string when it was added or skipped.
  [[nodiscard]] std::string parse_row() {
    if (std::ranges::all_of(row(), &std::string::empty)) {
      if (++blank_rows_ == 1) first_blank_ = first_line_;
      return {};
    }
    if (std::string problem = check_fields(); !problem.empty()) return problem;
    if (header_.split_field && !options_.splits.empty()) {
      const std::string part = lower_case(fields_[*header_.split_field]);
      if (std::ranges::find(options_.splits, part) == options_.splits.end()) return {};
    }
    auto index = static_cast<int64_t>(list_.entries.size());
    if (header_.index_field) {
      const std::string& text = fields_[*header_.index_field];
      const std::optional<int64_t> given = parse_number<int64_t>(text);
      if (!given) return fmt::format("index '{}' is not a whole number", shown(text));
      index = *given;
    }
    std::string& path = fields_[header_.path_field];
    if (path.empty()) return "the path is empty";
    if (path.find('\\') != path.npos && path.find('/') == path.npos) {
      std::ranges::replace(path, '\\', '/');
      ++backslash_paths_;
    }
    for (CellReader& reader : readers_) labels_[reader.column] = cell_number(reader);
    list_.entries.add(index, labels_, path, first_line_);
    return {};
  }

  // Text where the header names no column is a separator that was not quoted.
  [[nodiscard]] std::string check_fields() const {
    if (field_count_ < header_.fields) {
      return wrong_count();
    }
    for (size_t i = header_.fields; i < field_count_; ++i) {
      if (!fields_[i].empty()) return wrong_count();
    }
    for (const size_t i : header_.unnamed_fields) {
      if (i < field_count_ && !fields_[i].empty()) {
        return fmt::format("'{}' stands in a column without a name", shown(fields_[i]));
      }
    }
    return {};
  }

  [[nodiscard]] std::string wrong_count() const {
    return fmt::format("{} field{}, but the header names {}", field_count_,
                       field_count_ == 1 ? "" : "s", header_.fields);
  }

  [[nodiscard]] float cell_number(CellReader& reader) {
    std::string& text = fields_[reader.field];
    if (options_.decimal == ',') point_for_comma(text);
    const auto known = reader.number_of.find(text);
    if (known != reader.number_of.end()) return known->second;
    LabelColumn& column = list_.columns[reader.column];
    if (column.cells.size() == kMaxCells) {
      throw input_error("{}: column '{}' holds more than {} different texts: is it a label?",
                        list_.origin.string(), shown(column.name), kMaxCells)
          .with_hint("name the label columns with --label-column, or in the [[task]] tables");
    }
    if (!is_utf8(text)) {
      throw input_error("{}:{}: '{}' in column '{}' is not UTF-8", list_.origin.string(),
                        first_line_, shown(text), shown(column.name))
          .with_hint("save the table as UTF-8, or: iconv -f windows-1252 -t utf-8 OLD > NEW");
    }
    const auto number = static_cast<float>(column.cells.size());
    reader.number_of.emplace(text, number);
    column.cells.push_back(text);
    return number;
  }

  void warn() {
    const auto add = [&](const std::string& text) {
      list_.warnings.push_back(list_.origin.string() + ": " + text);
    };
    if (blank_rows_ > 0) {
      add(fmt::format("{} row{} without any text skipped (first: line {})", blank_rows_,
                      blank_rows_ == 1 ? "" : "s", first_blank_));
    }
    if (backslash_paths_ > 0) {
      add(fmt::format("backslashes in {} path{} are read as slashes", backslash_paths_,
                      backslash_paths_ == 1 ? "" : "s"));
    }
    warn_of_repeated_indexes(list_);
  }

  ImageList list_;
  LineProblems problems_;
  const TableOptions& options_;
  TableHeader header_;
  std::vector<CellReader> readers_;
  std::vector<std::string> fields_;
  std::vector<float> labels_;
  std::string pending_;  // a line that continues in the next one
  std::optional<char> separator_;
  size_t field_count_ = 0;
  size_t blank_rows_ = 0;
  size_t backslash_paths_ = 0;
  int line_ = 0;
  int first_line_ = 0;  // of the row
  int first_blank_ = 0;
  bool header_known_ = false;
};

void feed(TableParser& parser, std::istream& text, const std::filesystem::path& origin) {
  bool byte_order_mark = false;
  for_each_line(
      text, origin, [&](std::string_view line) { parser.add_line(line); }, byte_order_mark);
}

}  // namespace

ImageList read_table(const std::filesystem::path& path, const TableOptions& options) {
  std::ifstream file = open_text(path);
  return parse_table(file, path, options);
}

ImageList parse_table(std::istream& text, const std::filesystem::path& origin,
                      const TableOptions& options) {
  TableParser parser(origin, options);
  feed(parser, text, origin);
  return parser.finish();
}

std::vector<LabelColumn> table_columns(const std::filesystem::path& path,
                                       const TableOptions& options) {
  std::ifstream file = open_text(path);
  TableParser parser(path, options);
  std::string line;
  bool first = true;
  while (!parser.header_known() && std::getline(file, line)) {
    std::string_view text = line;
    if (std::exchange(first, false) && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    parser.add_line(text);
  }
  return parser.columns();
}

std::vector<std::pair<std::string, size_t>> count_splits(const std::filesystem::path& path,
                                                         const TableOptions& options) {
  TableOptions all = options;
  all.split_column.clear();
  all.splits.clear();
  all.selection = {.all = false, .names = {options.split_column}};
  const ImageList list = read_table(path, all);
  const auto column = std::ranges::find(list.columns, options.split_column, &LabelColumn::name);
  if (column == list.columns.end()) {  // the header reports it
    (void)table_columns(path, options);
    throw input_error("'{}': '{}' is the column with the paths or the index, not one with a split",
                      path.string(), options.split_column);
  }
  const auto place = static_cast<size_t>(column - list.columns.begin());
  std::vector<size_t> counts(column->cells.size());
  for (const ListEntry entry : list.entries) ++counts[static_cast<size_t>(entry.labels[place])];
  std::vector<std::pair<std::string, size_t>> parts;
  for (size_t i = 0; i < counts.size(); ++i) {
    const std::string part = lower_case(column->cells[i]);
    const auto known = std::ranges::find(parts, part, &std::pair<std::string, size_t>::first);
    if (known == parts.end()) {
      parts.emplace_back(part, counts[i]);
    } else {
      known->second += counts[i];
    }
  }
  return parts;
}

}  // namespace orthrus
