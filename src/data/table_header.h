// The header of a table of images: its separator, and what each column is for.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orthrus {

// A column that may hold labels.
struct HeaderColumn {
  size_t field = 0;  // of the row
  std::string name;
  bool is_candidate = true;  // false: by its name it holds paths, row numbers or the split
};

struct TableHeader {
  size_t fields = 0;  // that have to be in every row
  size_t path_field = 0;
  std::optional<size_t> index_field;
  std::optional<size_t> split_field;
  std::vector<size_t> unnamed_fields;  // they have to be empty in every row
  std::vector<HeaderColumn> columns;   // in the order of the header
};

// Names that the user gave; empty where a column is to be found by the usual names.
struct HeaderNames {
  std::string path;
  std::string split;
};

// Of the header's fields. The path column is the one named by the user, else the first named path,
// file, filename or image, else the one with another usual name (image_path, file_name, img, ...).
// Throws kInput when there is none, or when a name that the user gave is not there; `where` begins
// the message.
[[nodiscard]] TableHeader understand_header(std::span<const std::string> fields,
                                            const HeaderNames& names, const std::string& where);

// The character that separates the fields of a header: the one that isolates a path column's name,
// or with `path_column` that name; otherwise the first of tab, comma, semicolon and bar that is in
// it.
[[nodiscard]] char header_separator(std::string_view header, const std::string& path_column = {});

// The separator that a first line "sep=;" names, as Excel writes it.
[[nodiscard]] std::optional<char> declared_separator(std::string_view line);

// Whether a file's first line is such a header, or declares a separator.
[[nodiscard]] bool looks_like_table(std::string_view first_line);

}  // namespace orthrus
