// Image lists as MXNet's im2rec writes and its ImageIter reads them: a line is
//   index TAB label [TAB label ...] TAB path
// Fields are stripped of surrounding spaces. MXNet prints and drops a line that it cannot read;
// here it is an error, because a picture that silently takes no part is never what was meant.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace orthrus {

struct ListEntry {
  int64_t index = 0;
  std::vector<float> labels;  // one per label column, all finite
  std::string path;           // relative to the image folder, or absolute
  int line = 0;               // in the list file, from 1
};

struct ImageList {
  std::filesystem::path origin;
  int label_columns = 0;  // the same for every entry, at least 1
  std::vector<ListEntry> entries;
  // A sentence each: duplicate indexes (both entries stay), Windows line ends, a byte order mark,
  // blank lines.
  std::vector<std::string> warnings;
};

// Reads in pieces: memory is that of the entries. Throws kInput with file:line, what was got and
// what was expected; several bad lines are listed together (the first ten and their number). A list
// without any entry is an error too.
[[nodiscard]] ImageList read_list(const std::filesystem::path& path);
[[nodiscard]] ImageList parse_list(std::istream& text, const std::filesystem::path& origin);

}  // namespace orthrus
