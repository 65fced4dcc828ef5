// The idx format of the MNIST family (a big-endian header and raw bytes, gzipped), read as a whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace orthrus {

struct IdxFile {
  std::vector<int64_t> shape;  // (count, height, width) or (count)
  std::vector<uint8_t> bytes;
};

// Throws kInput when the file is missing, damaged, no idx file of bytes with `dimensions`
// dimensions, or when its header states another size than it holds.
[[nodiscard]] IdxFile read_idx_gz(const std::filesystem::path& path, int dimensions);

}  // namespace orthrus
