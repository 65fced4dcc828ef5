// Checkpoints: any bytes are either refused with an Error, or read. Behind 0xFE an input is the
// entries state, config and lists, which get the hashes that they must have.
#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "fuzz/metadata_file.h"
#include "train/checkpoint.h"

namespace {

const std::vector<std::string> kParts = {"state", "config", "lists"};

void add_hashes(nlohmann::json& metadata) {
  for (const std::string& key : kParts) {
    const uint64_t hash = orthrus::hash_text(metadata[key].get<std::string>());
    metadata[key + ".hash"] = fmt::format("{:016x}", hash);
  }
  metadata["orthrus.checkpoint"] = "1";
  metadata["hashes"] = "{}";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<std::byte> file =
      orthrus::testing::fuzzed_file({data, size}, kParts, add_hashes);
  try {
    (void)orthrus::parse_checkpoint(file, "fuzz");
  } catch (const orthrus::Error&) {
  }
  return 0;
}
