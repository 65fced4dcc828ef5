#include "backend/choice_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>

#include "base/error.h"
#include "base/file.h"

namespace orthrus {

ChoiceCache::ChoiceCache(const std::filesystem::path& folder, const std::string& machine) {
  if (folder.empty()) return;
  std::string name = machine;
  std::ranges::replace_if(
      name, [](unsigned char letter) { return std::isalnum(letter) == 0 && letter != '.'; }, '-');
  file_ = folder / (name + ".txt");
  std::ifstream file(file_);
  for (std::string line; std::getline(file, line);) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    choices_[line.substr(0, tab)] = line.substr(tab + 1);
  }
}

std::optional<std::string> ChoiceCache::find(const std::string& problem) const {
  const auto found = choices_.find(problem);
  return found == choices_.end() ? std::nullopt : std::optional(found->second);
}

void ChoiceCache::remember(const std::string& problem, const std::string& choice) {
  choices_[problem] = choice;
  if (file_.empty()) return;
  std::string text;
  for (const auto& [key, value] : choices_) text += fmt::format("{}\t{}\n", key, value);
  try {
    std::filesystem::create_directories(file_.parent_path());
    write_file(file_, text);
  } catch (const std::exception&) {
    file_.clear();  // the next run measures again
  }
}

}  // namespace orthrus
