// Model files: any bytes are either refused with an Error, or read as a model whose parts fit. So
// that mutations reach the parts, an input that begins with 0xFE is not a file but its metadata:
// version, graph, tasks, preprocessing and the flag, each ended by 0xFF.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/model_file.h"

namespace {

std::vector<std::byte> file_of(std::string_view parts) {
  nlohmann::json metadata = nlohmann::json::object();
  for (const char* key : {"orthrus.model", "graph", "tasks", "preprocessing", "pretrained"}) {
    const size_t end = std::min(parts.find('\xFF'), parts.size());
    metadata[key] = std::string(parts.substr(0, end));
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
    const orthrus::Model model = orthrus::parse_model(file, "fuzz");
    if (model.tasks.size() != model.graph.outputs().size()) std::abort();
    for (const auto& [name, tensor] : model.parameters) {
      if (!model.graph.find(name) || tensor.dtype() != orthrus::DType::kF32) std::abort();
    }
  } catch (const orthrus::Error&) {
  }
  return 0;
}
