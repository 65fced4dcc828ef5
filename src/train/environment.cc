#include "train/environment.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/machine.h"

namespace orthrus {

ListIdentity identity_of(const ImageList& list) {
  uint64_t hash = 0;
  for (const ListEntry entry : list.entries) {
    hash = hash_bytes(std::as_bytes(std::span(&entry.index, 1)), hash);
    hash = hash_bytes(std::as_bytes(entry.labels), hash);
    hash = hash_text(entry.path, hash);
  }
  return {list.origin, list.entries.size(), hash};
}

std::string environment_json(const RunEnvironment& environment) {
  nlohmann::ordered_json lists = nlohmann::ordered_json::array();
  for (const ListIdentity& list : environment.lists) {
    lists.push_back({{"path", list.path.string()},
                     {"pictures", list.pictures},
                     {"xxh3", fmt::format("{:016x}", list.hash)}});
  }
  const nlohmann::ordered_json json = {{"orthrus", program_version()},
                                       {"compiler", compiler_name()},
                                       {"engine", environment.engine},
                                       {"plan", fmt::format("{:016x}", environment.plan)},
                                       {"host", host_name()},
                                       {"processor", processor_name()},
                                       {"instruction_sets", instruction_sets()},
                                       {"threads", environment.threads},
                                       {"model", environment.model},
                                       {"started_in", environment.started_in.string()},
                                       {"lists", lists}};
  // A path need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::filesystem::path started_in(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return {};
  const auto json = nlohmann::json::parse(read_text(file), nullptr, false);
  if (!json.is_object() || !json.contains("started_in")) return {};
  return json["started_in"].is_string() ? json["started_in"].get<std::string>() : std::string();
}

std::vector<std::string> environment_changes(const std::string& now, const std::string& then) {
  const auto current = nlohmann::json::parse(now);
  const auto former = nlohmann::json::parse(then, nullptr, false);
  std::vector<std::string> changes;
  if (!former.is_object()) return changes;
  for (const char* key :
       {"orthrus", "compiler", "engine", "plan", "processor", "instruction_sets"}) {
    if (!former.contains(key) || former[key] == current[key]) continue;
    changes.push_back(fmt::format("{}: {}, was {}", key, current[key].dump(), former[key].dump()));
  }
  return changes;
}

}  // namespace orthrus
