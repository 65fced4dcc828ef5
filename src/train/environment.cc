#include "train/environment.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/machine.h"

namespace orthrus {

std::string environment_json(const RunEnvironment& environment) {
  nlohmann::ordered_json lists = nlohmann::ordered_json::array();
  for (const std::filesystem::path& list : environment.lists) {
    const std::vector<std::byte> bytes = read_file(list);
    lists.push_back({{"path", list.string()},
                     {"bytes", bytes.size()},
                     {"xxh3", fmt::format("{:016x}", hash_bytes(bytes))}});
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
                                       {"lists", lists}};
  // A path need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace orthrus
