// 64-bit hashes (XXH3) of bytes and names: keys of random streams, identities of lists and plans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace orthrus {

[[nodiscard]] uint64_t hash_bytes(std::span<const std::byte> bytes, uint64_t seed = 0);
[[nodiscard]] uint64_t hash_text(std::string_view text, uint64_t seed = 0);

}  // namespace orthrus
