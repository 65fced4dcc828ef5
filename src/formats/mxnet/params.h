// MXNet's array list files (`prefix-0000.params`): every encoding that MXNet has written (pre-V1,
// V1, V2, V3; src/ndarray/ndarray.cc in MXNet 1.9.1), dense arrays only.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "tensor/tensor.h"

namespace orthrus::mxnet {

// Arrays by their stored names ("arg:fc1_weight"), in their stored element types. Every size is
// checked against the file's before anything is allocated. Throws kInput saying what is wrong with
// the file: empty, truncated (expected and found sizes), not an array list (with its first bytes; a
// web page is recognised), an array's number and name, an unknown type, a name twice.
[[nodiscard]] NamedTensors read_params(const std::filesystem::path& path);
[[nodiscard]] NamedTensors parse_params(std::span<const std::byte> bytes,
                                        const std::string& origin);

// Writes V2, as MXNet 1.9.1 does, in the map's order; all-or-nothing.
void write_params(const std::filesystem::path& path, const NamedTensors& arrays);

}  // namespace orthrus::mxnet
