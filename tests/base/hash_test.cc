#include "base/hash.h"

#include <gtest/gtest.h>

#include <array>

namespace orthrus {
namespace {

TEST(Hash, KnownAnswers) {
  EXPECT_EQ(hash_text(""),
            0x2d06800538d394c2ULL);  // XXH3_64bits of nothing, from xxHash's own tests
  constexpr std::array<std::byte, 3> kBytes = {std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  EXPECT_EQ(hash_bytes(kBytes), hash_text("abc"));
  EXPECT_NE(hash_text("abc"), hash_text("abd"));
  EXPECT_NE(hash_text("abc", 1), hash_text("abc", 2));
}

}  // namespace
}  // namespace orthrus
