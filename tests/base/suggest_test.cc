#include "base/suggest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(EditDistance, CountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", "abc"), 0);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("trian", "train"), 1);
  EXPECT_EQ(edit_distance("ca", "abc"), 3);  // optimal string alignment; 2 without its restriction
}

TEST(NearestNames, RanksAndLimits) {
  const std::vector<std::string> known = {"train", "evaluate", "predict", "trains"};
  EXPECT_THAT(nearest_names("trian", known), ElementsAre("train"));
  EXPECT_THAT(nearest_names("train", known), ElementsAre("train", "trains"));
  EXPECT_THAT(nearest_names("train", known, 1), ElementsAre("train"));
  EXPECT_THAT(nearest_names("eval", known), ElementsAre("evaluate"));
  EXPECT_THAT(nearest_names("quux", known), IsEmpty());
}

TEST(DidYouMean, ReadsAsASentence) {
  EXPECT_EQ(did_you_mean("x", {}), "");
  const std::vector<std::string> known = {"abcd1", "abcd2", "abcd3"};
  EXPECT_EQ(did_you_mean("abcd1", std::span(known).first(1)), "did you mean 'abcd1'?");
  EXPECT_EQ(did_you_mean("abcd", known), "did you mean 'abcd1', 'abcd2' or 'abcd3'?");
}

}  // namespace
}  // namespace orthrus
