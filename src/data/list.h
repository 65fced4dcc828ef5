// Image lists as MXNet's im2rec and ImageIter use them: a line is
//   index TAB label [TAB label ...] TAB path
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace orthrus {

struct ListEntry {
  int64_t index = 0;
  std::vector<float> labels;  // one per label column
  std::string path;           // relative to the image folder
  int line = 0;               // in the list file, from 1
};

struct ImageList {
  std::filesystem::path origin;
  int label_columns = 0;
  std::vector<ListEntry> entries;
  std::vector<std::string> warnings;  // duplicate indexes, Windows line ends, blank lines at the end
};

// Throws kInput with file:line, what was got and what was expected; several bad lines are listed
// together (the first ten and their number).
[[nodiscard]] ImageList read_list(const std::filesystem::path& path);

}  // namespace orthrus
