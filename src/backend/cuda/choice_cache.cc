#include "backend/cuda/choice_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace orthrus::cuda {

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
    EngineNumber number;
    std::istringstream numbers(line.substr(tab + 1));
    if (numbers >> number.suggestion >> number.engine >> number.seconds)
      choices_[line.substr(0, tab)] = number;
  }
}

std::optional<EngineNumber> ChoiceCache::find(const std::string& problem) const {
  const auto found = choices_.find(problem);
  return found == choices_.end() ? std::nullopt : std::optional(found->second);
}

void ChoiceCache::remember(const std::string& problem, const EngineNumber& number) {
  choices_[problem] = number;
  if (file_.empty()) return;
  std::string text;
  for (const auto& [key, choice] : choices_) {
    text += fmt::format("{}\t{} {} {}\n", key, choice.suggestion, choice.engine, choice.seconds);
  }
  try {
    std::filesystem::create_directories(file_.parent_path());
    write_file(file_, text);
  } catch (const std::exception&) {
    file_.clear();  // the next run measures again
  }
}

}  // namespace orthrus::cuda
