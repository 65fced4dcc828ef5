// ImageList: pictures with their labels, whatever file they were listed in, and the reader of lists
// as MXNet's im2rec writes and its ImageIter reads them: a line is
//   index TAB label [TAB label ...] TAB path
// Fields are stripped of surrounding spaces; an empty label and `nan` are a missing label. MXNet
// prints and drops a line that it cannot read; here it is an error, because a picture that silently
// takes no part is never what was meant. Where the pictures' bytes lie is data/pictures.h.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "data/list_entries.h"

namespace orthrus {

// One label column of a list. Where `is_text`, its labels are still positions in `cells`: what a
// cell means depends on the task that reads it, so model/label_binding.h turns the texts into
// labels.
struct LabelColumn {
  std::string name = {};                  // empty where the source has none
  std::vector<std::string> classes = {};  // name of label 0, 1, ...; empty: the labels are numbers
  bool is_text = false;
  std::vector<std::string> cells = {};  // distinct texts, in order of first appearance
  bool is_folder = false;               // the cells are names of class folders, in class order
  bool is_candidate = true;  // false: paths, splits, row numbers: never a label by default
};

struct ImageList {
  std::filesystem::path origin;
  int label_columns = 0;  // the same for every entry, at least 1
  ListEntries entries;
  // A sentence each: duplicate indexes (both entries stay), missing labels, Windows line ends, a
  // byte order mark, blank lines.
  std::vector<std::string> warnings;
  // One for each label column, or none where the source names nothing. A column that nobody asked
  // for keeps its place, with NaN for every label.
  std::vector<LabelColumn> columns = {};
  // Entries without an index of their own in the source have their row's number, from 0.
  bool numbered_by_row = false;
};

// Reads in pieces: memory is that of the entries. Throws kInput with file:line, what was got and
// what was expected; several bad lines are listed together (the first ten and their number). A list
// without any entry is an error too.
// Without `labels` only the images are wanted: a line may also be a path alone, or an index and a
// path; then every label is missing.
[[nodiscard]] ImageList read_list(const std::filesystem::path& path, bool labels = true);
// `text_bytes`: how many are to come, where it is known, so that room is made once.
[[nodiscard]] ImageList parse_list(std::istream& text, const std::filesystem::path& origin,
                                   size_t text_bytes = 0, bool labels = true);

// Adds a warning when indexes repeat, and one when labels are missing.
void warn_of_repeated_indexes(ImageList& list);
void warn_of_missing_labels(ImageList& list);

}  // namespace orthrus
