#include "backend/choice_cache.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace orthrus {
namespace {

TEST(ChoiceCache, KeepsChoicesFromRunToRun) {
  const TemporaryFolder folder;
  const std::filesystem::path caches = folder.path() / "deep" / "orthrus";
  {
    ChoiceCache cache(caches, "a machine, 2 threads");
    EXPECT_FALSE(cache.find("problem").has_value());
    cache.remember("problem", "one");
    cache.remember("problem", "two");
    cache.remember("other", "three");
  }
  const ChoiceCache again(caches, "a machine, 2 threads");
  EXPECT_EQ(again.find("problem"), "two");
  EXPECT_EQ(again.find("other"), "three");
  const ChoiceCache elsewhere(caches, "a machine, 4 threads");
  EXPECT_FALSE(elsewhere.find("problem").has_value());
}

TEST(ChoiceCache, PassesOverWhatIsBroken) {
  const TemporaryFolder folder;
  ChoiceCache cache(folder.path(), "m");
  cache.remember("problem", "one");
  write_file(cache.file(), "cut in the mid\n\nother\ttwo");
  const ChoiceCache again(folder.path(), "m");
  EXPECT_FALSE(again.find("problem").has_value());
  EXPECT_EQ(again.find("other"), "two");
}

TEST(ChoiceCache, WorksWithoutAFile) {
  ChoiceCache nowhere({}, "m");
  nowhere.remember("problem", "one");
  EXPECT_EQ(nowhere.find("problem"), "one");
  ChoiceCache impossible("/proc/nothing", "m");
  impossible.remember("problem", "one");
  EXPECT_EQ(impossible.find("problem"), "one");
}

}  // namespace
}  // namespace orthrus
