// A folder per class: the sub-folders of a folder, in the order of their names' bytes, are the
// classes, and every picture below one belongs to it. Pictures are told by their endings here
// (.jpg, .jpeg, .png, .webp in any case), since opening millions of files takes long; what else
// lies there is counted by its ending and reported.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/list.h"

namespace orthrus {

// Files that were left out for their names' endings.
class LeftOut {
 public:
  void add(const std::filesystem::path& path);
  void add(const LeftOut& others);
  [[nodiscard]] size_t count() const;
  // "6 .bmp, 2 without an ending"; the commonest first, endings in small letters.
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, size_t> by_ending_;
};

// "supported: .jpg, .jpeg, .png, .webp"
[[nodiscard]] std::string supported_endings();

// Entries by class, then by path, which is relative to `folder`; one label column named "class".
// Hidden files and folders are left out, links are followed, a folder reached twice is taken once.
// Its cells are the names of the sub-folders, those without an image included. Throws kInput when
// there is no sub-folder or no image.
[[nodiscard]] ImageList list_class_folders(const std::filesystem::path& folder);

// Name of that label column.
inline constexpr const char* kFolderColumn = "class";

// Whether a file's name ends as a picture's does.
[[nodiscard]] bool has_picture_ending(const std::filesystem::path& path);

// Regular files with a picture's ending below `folder`, sorted, relative to it. The others are
// added to `left_out`.
[[nodiscard]] std::vector<std::string> pictures_below(const std::filesystem::path& folder,
                                                      LeftOut& left_out);

}  // namespace orthrus
