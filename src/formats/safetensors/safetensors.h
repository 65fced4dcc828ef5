// The safetensors format (github.com/huggingface/safetensors, README "Format"): the header's length
// (8 bytes, little endian), a JSON header, and the tensors' bytes:
//   {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3],
//    "data_offsets": [0, 24]}, ...}
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "tensor/tensor.h"

namespace orthrus {

struct SafetensorsFile {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;
};

// Every rule of the format is checked before anything is allocated: the header's length (at most
// 100 MB, and within the file), JSON without duplicate keys, known element types, shapes whose size
// does not overflow and equals that of the offsets, offsets that cover the data without holes or
// overlaps. Throws kInput saying which one is broken, and where.
[[nodiscard]] SafetensorsFile read_safetensors(const std::filesystem::path& path);
[[nodiscard]] SafetensorsFile parse_safetensors(std::span<const std::byte> bytes,
                                                const std::string& origin);

// All-or-nothing; elements of the widest types come first, so that all are aligned. Throws
// kResource.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace orthrus
