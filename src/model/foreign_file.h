// Model files of other programs, recognised by their first bytes: what they are, and how to make
// something of them that is read here. Nothing of them is loaded.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace orthrus {

struct ForeignFile {
  std::string what;  // "a PyTorch checkpoint (a zip archive with a pickle)"
  std::string hint;  // the next step; may be empty
};

// A file; nothing for one that is not known. Throws kInput when it cannot be read.
[[nodiscard]] std::optional<ForeignFile> recognise_foreign_file(const std::filesystem::path& path);
// A folder, by the names of the files in it.
[[nodiscard]] std::optional<ForeignFile> recognise_foreign_folder(
    const std::filesystem::path& folder);

}  // namespace orthrus
