// Checkpoints: any bytes are either refused with an Error, or read. So that mutations get behind
// the hashes, an input that begins with 0xFE is not a file but its entries state, config and lists,
// each ended by 0xFF, which are put into a file with the hashes that they must have.
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "train/checkpoint.h"

namespace {

std::vector<std::byte> file_of(std::string_view parts) {
  nlohmann::json metadata = {{"orthrus.checkpoint", "1"}, {"hashes", "{}"}};
  for (const std::string key : {"state", "config", "lists"}) {
    const size_t end = std::min(parts.find('\xFF'), parts.size());
    const std::string text(parts.substr(0, end));
    metadata[key] = text;
    metadata[key + ".hash"] = fmt::format("{:016x}", orthrus::hash_text(text));
    parts.remove_prefix(std::min(end + 1, parts.size()));
  }
  const std::string header = nlohmann::json({{"__metadata__", metadata}})
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const uint64_t length = header.size();
  std::vector<std::byte> file(sizeof(length) + header.size());
  std::memcpy(file.data(), &length, sizeof(length));
  std::memcpy(file.data() + sizeof(length), header.data(), header.size());
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::byte> file;
  if (size > 0 && data[0] == 0xFE) {
    file = file_of({reinterpret_cast<const char*>(data) + 1, size - 1});
  } else {
    const auto bytes = std::as_bytes(std::span(data, size));
    file.assign(bytes.begin(), bytes.end());
  }
  try {
    (void)orthrus::parse_checkpoint(file, "fuzz");
  } catch (const orthrus::Error&) {
  }
  return 0;
}
