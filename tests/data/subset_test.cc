#include "data/subset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/sample_pictures.h"

namespace orthrus {
namespace {

SharedPictures numbered_pictures(int count) {
  ImageList list;
  for (int i = 0; i < count; ++i) {
    list.entries.push_back(
        {.index = i, .labels = {static_cast<float>(i)}, .path = std::to_string(i), .line = i + 1});
  }
  list.label_columns = 1;
  return make_file_pictures(std::move(list), "nowhere");
}

TEST(Fraction, IsAShareInTheListsOrder) {
  const SharedPictures some = take_fraction(numbered_pictures(100), 0.25, 3);
  ASSERT_EQ(some->list().entries.size(), 25U);
  int64_t before = -1;
  for (size_t i = 0; i < 25; ++i) {
    const ListEntry entry = some->list().entries[i];
    EXPECT_GT(entry.index, before);
    EXPECT_EQ(entry.labels[0], static_cast<float>(entry.index));
    EXPECT_EQ(some->name(i), "nowhere/" + std::to_string(entry.index));
    EXPECT_TRUE(some->missing(i));
    before = entry.index;
  }
}

TEST(Fraction, IsChosenByTheSeed) {
  const auto paths = [](uint64_t seed) {
    std::vector<std::string> all;
    const SharedPictures some = take_fraction(numbered_pictures(50), 0.5, seed);
    for (const ListEntry entry : some->list().entries) {
      all.emplace_back(entry.path);
    }
    return all;
  };
  EXPECT_EQ(paths(1), paths(1));
  EXPECT_NE(paths(1), paths(2));
}

TEST(Fraction, HasAtLeastOneAndAtMostAll) {
  EXPECT_EQ(take_fraction(numbered_pictures(10), 1e-6, 0)->list().entries.size(), 1U);
  const SharedPictures all = numbered_pictures(10);
  EXPECT_EQ(take_fraction(all, 1, 0), all);
}

}  // namespace
}  // namespace orthrus
