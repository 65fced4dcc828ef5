#include "tensor/finite.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace orthrus {

bool all_finite(std::span<const float> values) {
  constexpr uint32_t kExponent = 0x7f800000;
  constexpr size_t kBlock = 4096;
  for (size_t begin = 0; begin < values.size(); begin += kBlock) {
    uint32_t bad = 0;  // no early exit within a block, so that it becomes vector instructions
    for (const float value : values.subspan(begin, std::min(kBlock, values.size() - begin))) {
      bad |= (std::bit_cast<uint32_t>(value) & kExponent) == kExponent ? 1U : 0U;
    }
    if (bad != 0) return false;
  }
  return true;
}

std::vector<std::string> non_finite_tensors(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) {
    if (!all_finite(tensor.data())) names.push_back(name);
  }
  return names;
}

}  // namespace orthrus
