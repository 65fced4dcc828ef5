#include "data/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <istream>
#include <map>
#include <string>
#include <utility>

#include "data/csv.h"
#include "data/text_lines.h"

namespace orthrus {

namespace {

constexpr size_t kMaxClasses = 100'000;
constexpr size_t kMaxColumns = 10'000;
constexpr auto kPathNames = std::to_array<std::string_view>({"path", "file", "filename", "image"});

char separator_of(std::string_view header) {
  for (const char separator : {'\t', ',', ';'}) {
    if (header.find(separator) != header.npos) return separator;
  }
  return ',';
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return result;
}

bool is_path_name(std::string_view name) {
  return std::ranges::find(kPathNames, lower(name)) != kPathNames.end();
}

struct Cell {
  int line = 0;  // 0: none
  std::string text;
};

// What is known of a label column so far.
struct Column {
  size_t field = 0;
  std::string name;
  Cell first_number, first_text;
  std::map<std::string, int, std::less<>> classes;  // number in order of appearance, or as expected
  const LabelColumn* known = nullptr;               // what is expected: `classes` is fixed
  bool texts_only = false;                          // expected names look like numbers
};

class TableParser {
 public:
  TableParser(const std::filesystem::path& origin, const std::vector<LabelColumn>& expected,
              bool may_lack_columns)
      : problems_(origin), expected_(expected), may_lack_columns_(may_lack_columns) {
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
      throw input_error("{}:{}: a zero byte: this is not a text file in UTF-8",
                        list_.origin.string(), line_);
    }
    if (columns_known_) return add_row(line);
    separator_ = separator_of(line);
    add_header(line);
  }

  [[nodiscard]] ImageList finish() {
    if (!pending_.empty()) throw open_quote();
    if (!problems_.empty()) throw problems_.error("table");
    if (list_.entries.empty()) {
      throw input_error("the table '{}' holds no picture", list_.origin.string());
    }
    for (size_t i = 0; i < columns_.size(); ++i) finish_column(i);
    list_.numbered_by_row = !has_index_;
    warn_of_repeated_indexes(list_);
    warn_of_missing_labels(list_);
    return std::move(list_);
  }

 private:
  [[nodiscard]] Error open_quote() const {
    return input_error("{}:{}: a quote is opened and not closed", list_.origin.string(),
                       first_line_)
        .with_hint("double a quote inside of a quoted field");
  }

  // False: the line goes on in the next one, or was found bad.
  [[nodiscard]] bool split(std::string_view line) {
    const CsvSplit result = split_csv(line, separator_, fields_, field_count_);
    if (result == CsvSplit::kOpenQuote) {
      constexpr int kMostLines = 100;  // each is split anew
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
    bool has_path = false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!has_path && is_path_name(names[i])) {
        has_path = true;
        path_field_ = i;
      } else if (!has_index_ && (names[i].empty() || lower(names[i]) == "index")) {
        has_index_ = true;
        index_field_ = i;
      } else {
        columns_.push_back({.field = i, .name = names[i]});
      }
    }
    if (!has_path) {
      throw input_error("{}:{}: no column is named {}; got: {}", list_.origin.string(), first_line_,
                        fmt::join(kPathNames, ", "), shown(line))
          .with_hint("the first line names the columns, for example: path,colour,shape");
    }
    columns_known_ = true;
    header_fields_ = field_count_;
    pending_.clear();
    list_.label_columns = static_cast<int>(columns_.size());
    labels_.resize(columns_.size());
    expect();
  }

  // Takes over what is known of the columns.
  void expect() {
    for (size_t i = 0; i < expected_.size(); ++i) {
      const LabelColumn& known = expected_[i];
      Column* column = expected_column(i);
      if (column == nullptr || column->known != nullptr || known.classes.empty()) continue;
      column->known = &known;
      for (const std::string& name : known.classes) {
        column->classes.emplace(name, static_cast<int>(column->classes.size()));
        column->texts_only = column->texts_only || parse_number<float>(name).has_value();
      }
    }
  }

  // By its name, or else by its place.
  [[nodiscard]] Column* expected_column(size_t place) {
    const std::string& name = expected_[place].name;
    const auto found = std::ranges::find(columns_, name, &Column::name);
    if (!name.empty() && found != columns_.end()) return &*found;
    if (place >= columns_.size()) return nullptr;
    if (name.empty()) return &columns_[place];
    if (may_lack_columns_) return nullptr;
    throw input_error("{}: label column {} is '{}', but '{}' in the data read before",
                      list_.origin.string(), place + 1, shown(columns_[place].name), shown(name))
        .with_hint("give both tables the same label columns");
  }

  void add_row(std::string_view line) {
    if (!split(line)) return;
    const std::string problem = parse_row();
    if (!problem.empty()) problems_.add(first_line_, problem);
    pending_.clear();
  }

  // The problem with the row, or an empty string when it was added.
  [[nodiscard]] std::string parse_row() {
    if (field_count_ != header_fields_) {
      return fmt::format("{} fields, but the header names {}", field_count_, header_fields_);
    }
    auto index = static_cast<int64_t>(list_.entries.size());
    if (has_index_) {
      const std::optional<int64_t> given = parse_number<int64_t>(fields_[index_field_]);
      if (!given) return fmt::format("index '{}' is no whole number", shown(fields_[index_field_]));
      index = *given;
    }
    if (fields_[path_field_].empty()) return "the path is empty";
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string problem = parse_cell(columns_[i], fields_[columns_[i].field], labels_[i]);
      if (!problem.empty()) return problem;
    }
    list_.entries.add(index, labels_, fields_[path_field_], first_line_);
    return {};
  }

  [[nodiscard]] std::string parse_cell(Column& column, const std::string& text, float& label) {
    const std::optional<float> number = parse_label(text);
    const bool missing = number && std::isnan(*number);
    if (missing || (number && !column.texts_only)) {
      label = *number;
      if (!missing && column.first_number.line == 0) column.first_number = {first_line_, text};
      if (!missing) refuse_mixture(column);
      return {};
    }
    if (column.first_text.line == 0) column.first_text = {first_line_, text};
    auto found = column.classes.find(text);
    if (found == column.classes.end()) {
      if (column.known != nullptr) {
        return fmt::format("'{}' in column '{}' is none of the {} classes known", shown(text),
                           column.name, column.classes.size());
      }
      if (column.classes.size() == kMaxClasses) {
        throw input_error("{}: column '{}' holds more than {} different texts: is it a label?",
                          list_.origin.string(), shown(column.name), kMaxClasses)
            .with_hint("leave columns that are no labels out of the table");
      }
      found = column.classes.emplace(text, static_cast<int>(column.classes.size())).first;
    }
    refuse_mixture(column);
    label = static_cast<float>(found->second);
    return {};
  }

  // Numbers among names are more likely a slip than classes of their own.
  void refuse_mixture(const Column& column) const {
    if (column.first_number.line == 0 || column.first_text.line == 0) return;
    throw input_error(
        "{}: column '{}' mixes numbers ('{}' in line {}) and texts ('{}' in line {}), expected one "
        "kind",
        list_.origin.string(), shown(column.name), shown(column.first_number.text),
        column.first_number.line, shown(column.first_text.text), column.first_text.line);
  }

  void finish_column(size_t i) {
    Column& column = columns_[i];
    LabelColumn result{.name = column.name};
    if (column.known != nullptr) {
      result.classes = column.known->classes;
    } else if (!column.classes.empty()) {
      std::vector<float> rank(column.classes.size());
      for (const auto& [name, number] : column.classes) {
        rank[static_cast<size_t>(number)] = static_cast<float>(result.classes.size());
        result.classes.push_back(name);
      }
      for (size_t position = 0; position < list_.entries.size(); ++position) {
        const float label = list_.entries[position].labels[i];
        if (std::isnan(label)) continue;
        list_.entries.set_label(position, i, rank[static_cast<size_t>(label)]);
      }
    }
    list_.columns.push_back(std::move(result));
  }

  ImageList list_;
  LineProblems problems_;
  const std::vector<LabelColumn>& expected_;
  bool may_lack_columns_;
  std::vector<Column> columns_;
  std::vector<std::string> fields_;
  std::vector<float> labels_;
  std::string pending_;  // a line that goes on in the next one
  size_t field_count_ = 0;
  size_t header_fields_ = 0;
  size_t path_field_ = 0;
  size_t index_field_ = 0;
  int line_ = 0;
  int first_line_ = 0;  // of the row
  char separator_ = ',';
  bool has_index_ = false;
  bool columns_known_ = false;
};

}  // namespace

bool looks_like_table(std::string_view first_line) {
  std::vector<std::string> fields;
  size_t count = 0;
  const CsvSplit result = split_csv(first_line, separator_of(first_line), fields, count);
  fields.resize(count);
  return result == CsvSplit::kWhole && std::ranges::any_of(fields, is_path_name);
}

ImageList read_table(const std::filesystem::path& path, const std::vector<LabelColumn>& expected,
                     bool may_lack_columns) {
  std::ifstream file = open_text(path);
  return parse_table(file, path, expected, may_lack_columns);
}

ImageList parse_table(std::istream& text, const std::filesystem::path& origin,
                      const std::vector<LabelColumn>& expected, bool may_lack_columns) {
  TableParser parser(origin, expected, may_lack_columns);
  bool byte_order_mark = false;
  for_each_line(
      text, origin, [&](std::string_view line) { parser.add_line(line); }, byte_order_mark);
  return parser.finish();
}

}  // namespace orthrus
