#include "data/similar_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> similar(const std::vector<std::string>& names) {
  return similar_names(names);
}

TEST(SimilarNames, DifferByCase) {
  EXPECT_THAT(similar({"red", "blue", "Red", "RED", "Blue"}),
              ElementsAre("'red', 'Red' and 'RED' differ by case only",
                          "'blue' and 'Blue' differ by case only"));
  EXPECT_THAT(similar({"\u00C9t\u00E9", "\u00E9t\u00E9"}), testing::SizeIs(1));
  EXPECT_THAT(similar({"\u041A\u043E\u0442", "\u043A\u043E\u0442"}), testing::SizeIs(1));
}

TEST(SimilarNames, DifferByUnicodeForm) {
  const std::vector<std::vector<std::string>> pairs = {
      {"caf\u00E9", "cafe\u0301"},       // Latin
      {"\u1EAD", "\u1EA1\u0302"},        // Vietnamese, in two steps
      {"\u1EAD", "a\u0323\u0302"},       //
      {"\u0439", "\u0438\u0306"},        // Cyrillic
      {"\u304C", "\u304B\u3099"},        // kana
      {"\uD55C", "\u1112\u1161\u11AB"},  // Hangul
      {"\uAC00", "\u1100\u1161"},        //
  };
  for (const std::vector<std::string>& pair : pairs) {
    EXPECT_THAT(similar(pair), ElementsAre("'" + pair[0] + "' and '" + pair[1] +
                                           "' differ by the Unicode form of their letters only"));
  }
}

TEST(SimilarNames, OthersAreLeftAlone) {
  EXPECT_THAT(
      similar({"red", "redd", "rot", "caf\u00E9", "cafe", "\xFF", "\xFE", "a\xC3", "a", ""}),
      IsEmpty());
  EXPECT_THAT(similar({"red", "red"}), IsEmpty());
}

}  // namespace
}  // namespace orthrus
