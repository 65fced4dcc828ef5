// A safetensors file without tensors, made of its metadata: so that mutations of the metadata get
// behind the checks of the file around it.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orthrus::testing {

// The input as it is or, where it begins with 0xFE, a file whose metadata has the values of `keys`
// from the rest, each ended by 0xFF; `finish` may add to the metadata.
inline std::vector<std::byte> fuzzed_file(std::span<const uint8_t> input,
                                          const std::vector<std::string>& keys,
                                          const std::function<void(nlohmann::json&)>& finish = {}) {
  if (input.empty() || input[0] != 0xFE) {
    const auto bytes = std::as_bytes(input);
    return {bytes.begin(), bytes.end()};
  }
  std::string_view parts(reinterpret_cast<const char*>(input.data()) + 1, input.size() - 1);
  nlohmann::json metadata = nlohmann::json::object();
  for (const std::string& key : keys) {
    const size_t end = std::min(parts.find('\xFF'), parts.size());
    metadata[key] = std::string(parts.substr(0, end));
    parts.remove_prefix(std::min(end + 1, parts.size()));
  }
  if (finish) finish(metadata);
  const std::string header = nlohmann::json({{"__metadata__", metadata}})
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const uint64_t length = header.size();
  std::vector<std::byte> file(sizeof(length) + header.size());
  std::memcpy(file.data(), &length, sizeof(length));
  std::memcpy(file.data() + sizeof(length), header.data(), header.size());
  return file;
}

}  // namespace orthrus::testing
