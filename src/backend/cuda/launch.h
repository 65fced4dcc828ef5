// Sizes of launches.
#pragma once

#include <algorithm>
#include <cstdint>

namespace orthrus::cuda {

inline constexpr int kThreads = 256;  // of a block

// Blocks of kThreads for `count` threads that each go on in strides of the whole grid.
[[nodiscard]] inline unsigned blocks_for(int64_t count) {
  constexpr int64_t kMostBlocks = 132 * 16;
  return static_cast<unsigned>(
      std::clamp<int64_t>((count + kThreads - 1) / kThreads, 1, kMostBlocks));
}

}  // namespace orthrus::cuda
