#include "data/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/options_parse.h"

namespace orthrus {
namespace {

Augmentation augmentation(const std::vector<std::string>& arguments) {
  OptionTable table;
  table.add(augmentation_options());
  table.add(mixing_options());
  return augmentation_of(parse_options(table, {}, arguments, {}));
}

TEST(AugmentationOptions, PresetsAreMadeOfParts) {
  const Augmentation classic = augmentation({});
  EXPECT_EQ(classic.crop, CropRule::kRandom);
  EXPECT_TRUE(classic.random_mirror);
  EXPECT_EQ(classic.policy, AugmentPolicy::kNone);
  const Augmentation none = augmentation({"--augment", "none"});
  EXPECT_EQ(none.crop, CropRule::kCentre);
  EXPECT_FALSE(none.random_mirror);
  const Augmentation modern = augmentation({"--augment", "modern"});
  EXPECT_EQ(modern.crop, CropRule::kRandomResized);
  EXPECT_EQ(modern.policy, AugmentPolicy::kTrivial);
  EXPECT_EQ(modern.erase, 0.1);
  EXPECT_FALSE(modern.mixes());
}

TEST(AugmentationOptions, PartsGoBeforeThePreset) {
  const Augmentation mine = augmentation({"--augment", "modern", "--mirror", "off", "--policy",
                                          "rand", "--rand-magnitude", "5", "--erase", "0",
                                          "--least-area", "0.3", "--hue", "0.1", "--mixup", "0.2"});
  EXPECT_FALSE(mine.random_mirror);
  EXPECT_EQ(mine.policy, AugmentPolicy::kRand);
  EXPECT_EQ(mine.rand_magnitude, 5);
  EXPECT_EQ(mine.erase, 0);
  EXPECT_EQ(mine.least_area, 0.3);
  EXPECT_EQ(mine.hue, 0.1);
  EXPECT_TRUE(mine.mixes());
}

TEST(AugmentationOptions, WhatWouldChangeNothingIsRefused) {
  const auto refusal = [](const std::vector<std::string>& arguments) -> std::string {
    try {
      (void)augmentation(arguments);
    } catch (const Error& error) {
      return error.message();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal({"--least-area", "0.5"}),
              ::testing::HasSubstr("--least-area: given without --crop resized"));
  EXPECT_THAT(refusal({"--rand-operations", "3"}),
              ::testing::HasSubstr("--rand-operations: given without --policy rand"));
  EXPECT_THAT(refusal({"--hue", "2"}), ::testing::HasSubstr("--hue"));
}

TEST(PictureCacheOptions, AreInMebibytesAndBelongTogether) {
  const auto cache = [](const std::vector<std::string>& arguments) {
    OptionTable table;
    table.add(picture_cache_options());
    return picture_cache_of(parse_options(table, {}, arguments, {}));
  };
  EXPECT_EQ(cache({}).kind, PictureCacheKind::kOff);
  const PictureCacheOptions disk =
      cache({"--picture-cache", "disk", "--picture-cache-size", "3", "--picture-cache-dir", "/x"});
  EXPECT_EQ(disk.kind, PictureCacheKind::kDisk);
  EXPECT_EQ(disk.most_bytes, 3U << 20);
  EXPECT_EQ(disk.folder, "/x");
  EXPECT_THROW((void)cache({"--picture-cache-size", "3"}), Error);
  EXPECT_THROW((void)cache({"--picture-cache", "ram", "--picture-cache-dir", "/x"}), Error);
}

}  // namespace
}  // namespace orthrus
