// Tables of images: CSV or TSV with a header that names the columns. One column holds the path, one
// may hold the index, all others are label columns in their order (data/table_header.h). The reader
// keeps the texts of the label columns as they are: what they mean depends on the task that reads
// them. Fields may be quoted as in RFC 4180; Excel's line "sep=;", a separator at the end of each
// line, rows without any text and backslashes in paths are accepted.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "data/list.h"

namespace orthrus {

// Which label columns of a table are read; the others keep their place, without labels.
struct ColumnSelection {
  bool all = true;
  std::vector<std::string> names = {};
  std::vector<int> places = {};  // from 0, among the label columns
};

struct TableOptions {
  std::string path_column = {};   // empty: found by the usual names
  std::string split_column = {};  // empty: all rows are read
  // With a split column: rows whose cell is one of these, in lower case, are read.
  std::vector<std::string> splits = {};
  ColumnSelection selection = {};
  // With a comma, numbers that have one are read as if it were a point: for a table beside others
  // that have points. Otherwise texts stay as they are, and tasks know their separator.
  char decimal = '.';
};

// Throws kInput as read_list does, also for a selected column with more than a million different
// texts. Columns that are named and not there are no error here.
[[nodiscard]] ImageList read_table(const std::filesystem::path& path,
                                   const TableOptions& options = {});
[[nodiscard]] ImageList parse_table(std::istream& text, const std::filesystem::path& origin,
                                    const TableOptions& options = {});

// The label columns that a table's header names, without reading its rows.
[[nodiscard]] std::vector<LabelColumn> table_columns(const std::filesystem::path& path,
                                                     const TableOptions& options = {});

// How often each text stands in the split column, in lower case, in order of first appearance.
[[nodiscard]] std::vector<std::pair<std::string, size_t>> count_splits(
    const std::filesystem::path& path, const TableOptions& options);

}  // namespace orthrus
