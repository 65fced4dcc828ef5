// Pictures: a list with labels and, for each of its entries, the picture's bytes, wherever they
// lie: in files of a folder or in a RecordIO file. What reads pictures (the loader, the checks)
// knows this interface and no file format. open_pictures() finds out what it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "data/table.h"

namespace orthrus {

// What a user names.
struct PictureFiles {
  std::filesystem::path list;    // a .lst, .rec, .csv or .tsv file, or a folder with one per class
  std::filesystem::path folder;  // of the list's pictures, or a .rec file that holds them
  // A text file, one path of the list on each line, of pictures to be left out; may be empty. What
  // follows a TAB is a remark.
  std::filesystem::path exclude = {};
  std::vector<std::string> columns = {};  // new names of the label columns; empty: their own
  TableOptions table = {};                // of a table: its columns, and which rows are read
  bool labels = true;  // false: only the images are wanted; a list need not have any
};

class Pictures {
 public:
  explicit Pictures(ImageList list) : list_(std::move(list)) {}
  virtual ~Pictures() = default;
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  [[nodiscard]] const ImageList& list() const { return list_; }
  // Puts labels that were read from the list's columns in the place of these: (entries, width)
  // values, and a column for each of the width or none. Before the images are shared.
  void replace_labels(size_t width, std::vector<float> labels, std::vector<LabelColumn> columns);

  // The encoded picture. Throws kInput when it is missing, damaged, or has more bytes than
  // `most_bytes`. Safe from several threads at once.
  [[nodiscard]] virtual std::vector<std::byte> read(size_t position, uint64_t most_bytes) const = 0;
  // Told without reading it.
  [[nodiscard]] virtual bool missing(size_t position) const = 0;
  // For messages: "images/a.jpg", "train.rec, record 17".
  [[nodiscard]] virtual std::string name(size_t position) const = 0;
  // Where it is listed, "train.lst:17", or empty for what a program or a folder listed.
  [[nodiscard]] virtual std::string place_in_list(size_t position) const;
  // Where the pictures lie: the folder, or the file.
  [[nodiscard]] virtual std::filesystem::path home() const = 0;

 private:
  ImageList list_;
};

// Shared, since the loader and a search beside it read the same millions of lines.
using SharedPictures = std::shared_ptr<const Pictures>;

// The list's paths are those of files in `folder`, or absolute.
[[nodiscard]] std::shared_ptr<Pictures> make_file_pictures(ImageList list,
                                                           std::filesystem::path folder);

// Leaves out of a list of files what PictureFiles::exclude names; nothing where it is empty. Throws
// kInput when no picture is left.
void leave_out(const std::filesystem::path& exclude, ImageList& list);

// Opens whatever `files` names, told by what it is and, for text, by its first line. Columns of
// texts are as in the file: model/label_binding.h makes labels of them. Throws kInput.
[[nodiscard]] std::shared_ptr<Pictures> open_pictures(const PictureFiles& files);

// What kind of data set a path names.
enum class DataKind { kList, kTable, kRecords, kFolders };
[[nodiscard]] DataKind data_kind(const std::filesystem::path& list);

// Whether the list holds its pictures itself (a .rec file, a folder per class), so that no other
// folder is wanted.
[[nodiscard]] bool holds_pictures(const std::filesystem::path& list);

// Where a list's path lies, as os.path.join(root, path): an absolute path wins.
[[nodiscard]] std::filesystem::path image_path(const std::filesystem::path& image_root,
                                               std::string_view path);

// Pictures that are missing: up to `most` paths as the list has them, in its order; `missing_count`
// counts all. By the threads of parallel_for().
[[nodiscard]] std::vector<std::string> find_missing_images(const Pictures& pictures, size_t most,
                                                           size_t& missing_count);
// The same by the calling thread alone, for use beside other work. Ends early, with what it has
// found so far, once `stop` is requested.
[[nodiscard]] std::vector<std::string> find_missing_images(const Pictures& pictures, size_t most,
                                                           size_t& missing_count,
                                                           const std::stop_token& stop);

}  // namespace orthrus
