// ChoiceCache: which of several ways of computing was the fastest, by problem, kept in a file from
// run to run, so that the next one measures nothing and computes the same bytes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace orthrus {

class ChoiceCache {
 public:
  // `machine`: what the choices depend on besides the problem; a part of the file's name. A file
  // that cannot be read counts as empty, as do lines that are broken; with an empty folder nothing
  // is kept.
  ChoiceCache(const std::filesystem::path& folder, const std::string& machine);

  // Problem and choice are single lines without tabs.
  [[nodiscard]] std::optional<std::string> find(const std::string& problem) const;
  // Writes the file; where that fails the choice is kept in memory alone.
  void remember(const std::string& problem, const std::string& choice);

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  std::map<std::string, std::string> choices_;
};

}  // namespace orthrus
