// ChoiceCache: which of cuDNN's engines was the fastest for a convolution, kept in a file from run
// to run, so that the next one measures nothing and computes the same bytes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace orthrus::cuda {

struct EngineNumber {
  int suggestion = 0;  // place among cuDNN's suggestions
  long engine = 0;     // its global number, as a check
  float seconds = 0;   // that it took
};

class ChoiceCache {
 public:
  // `machine`: what the choices depend on besides the convolution; a part of the file's name. A
  // file that cannot be read, or is broken, counts as empty; with an empty folder nothing is kept.
  ChoiceCache(const std::filesystem::path& folder, const std::string& machine);

  [[nodiscard]] std::optional<EngineNumber> find(const std::string& problem) const;
  // Writes the file; where that fails the choice is kept in memory alone.
  void remember(const std::string& problem, const EngineNumber& number);

 private:
  std::filesystem::path file_;
  std::map<std::string, EngineNumber> choices_;
};

}  // namespace orthrus::cuda
