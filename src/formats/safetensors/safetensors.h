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

// What the header says, without the tensors' bytes.
struct SafetensorsHeader {
  struct Entry {
    DType type = DType::kF32;
    Shape shape;
    uint64_t begin = 0, end = 0;  // of its bytes, within the data behind the header
  };
  std::map<std::string, Entry> tensors;
  std::map<std::string, std::string> metadata;
};

struct SafetensorsFile {
  NamedTensors tensors;
  std::map<std::string, std::string> metadata;
};

// Every rule of the format is checked before anything is allocated: the header's length (at most
// 100 MB, and within the file), JSON without duplicate keys, known element types, shapes whose size
// does not overflow and equals that of the offsets, offsets that cover the data without holes,
// overlaps or bytes behind the last tensor. Throws kInput saying which one is broken, and where.
[[nodiscard]] SafetensorsFile read_safetensors(const std::filesystem::path& path);
[[nodiscard]] SafetensorsFile parse_safetensors(std::span<const std::byte> bytes,
                                                const std::string& origin);
// The same checks on the header alone, of a file however large.
[[nodiscard]] SafetensorsHeader read_safetensors_header(const std::filesystem::path& path);
// True for the first bytes of a file that may be one: a header's length, and the '{' of its JSON.
[[nodiscard]] bool looks_like_safetensors(std::span<const std::byte> start);

// All-or-nothing; elements of the widest types come first, so that all are aligned. The same
// tensors and metadata give the same bytes. Throws kResource, and kInput for names, texts or a
// header that the format does not allow.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace orthrus
