#include "data/picture_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "data/loader.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

class PictureCacheTest : public ::testing::TestWithParam<PictureCacheKind> {
 protected:
  static Image picture(int width, int height, int variant) {
    Image image;
    image.resize(width, height);
    std::ranges::copy(sample_pixels(width, height, 3, variant), image.row(0));
    return image;
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, PictureCacheTest,
                         ::testing::Values(PictureCacheKind::kRam, PictureCacheKind::kDisk));

TEST_P(PictureCacheTest, GivesBackWhatWasPutIn) {
  PictureCache cache({.kind = GetParam()});
  const Image first = picture(20, 10, 1), second = picture(7, 30, 2);
  cache.put(5, {200, 100}, first);
  cache.put(9, {70, 300}, second);
  EXPECT_TRUE(cache.holds(9));
  EXPECT_FALSE(cache.holds(6));
  Size decoded;
  Image got;
  ASSERT_TRUE(cache.get(5, decoded, got));
  EXPECT_EQ(decoded, (Size{200, 100}));
  ASSERT_EQ(got.view().whole(), (Size{20, 10}));
  EXPECT_EQ(std::memcmp(got.row(0), first.row(0), first.size_bytes()), 0);
  ASSERT_TRUE(cache.get(9, decoded, got));
  EXPECT_EQ(std::memcmp(got.row(0), second.row(0), second.size_bytes()), 0);
  EXPECT_FALSE(cache.get(6, decoded, got));
}

TEST_P(PictureCacheTest, StaysWithinItsBudget) {
  PictureCache cache({.kind = GetParam(), .most_bytes = 1500});
  EXPECT_TRUE(cache.has_room({20, 25}));
  EXPECT_FALSE(cache.has_room({20, 26}));
  cache.put(0, {20, 20}, picture(20, 20, 0));
  EXPECT_FALSE(cache.has_room({11, 10}));
  cache.put(1, {20, 20}, picture(20, 20, 1));
  EXPECT_FALSE(cache.holds(1));
  cache.put(2, {10, 10}, picture(10, 10, 1));
  EXPECT_TRUE(cache.holds(2));
}

// Every epoch of a shuffled, augmented training, with room for all, for some, and without a cache.
TEST_P(PictureCacheTest, ChangesNoPixelOfATraining) {
  const TemporaryFolder folder;
  ImageList list{.label_columns = 1};
  for (int i = 0; i < 9; ++i) {
    const std::string name = std::to_string(i) + ".jpg";
    folder.write(name, make_jpeg(60 + 9 * i, 50 + 5 * i, {.variant = i}));
    list.entries.push_back({.labels = {0}, .path = name});
  }
  for (const PixelRule rule : {PixelRule::kMxnet, PixelRule::kModern}) {
    const Preprocessing preprocessing{.height = 20, .width = 20, .resize = 24, .pixels = rule};
    LoaderOptions options{.batch_size = 4, .shuffle = true, .seed = 3};
    options.augmentation = {.crop = CropRule::kRandom, .random_mirror = true, .hue = 0.1};
    LoaderOptions cached = options, tight = options;
    cached.cache = {.kind = GetParam()};
    tight.cache = {.kind = GetParam(), .most_bytes = 10000};
    tight.threads = 2;
    Loader a(list, folder.path(), preprocessing, options);
    Loader b(list, folder.path(), preprocessing, cached);
    Loader c(list, folder.path(), preprocessing, tight);
    Batch x, y, z;
    for (uint64_t epoch = 0; epoch < 3; ++epoch) {
      for (Loader* loader : {&a, &b, &c}) loader->start_epoch(epoch);
      while (a.next(x)) {
        ASSERT_TRUE(b.next(y) && c.next(z));
        EXPECT_TRUE(std::ranges::equal(x.images.data(), y.images.data()));
        EXPECT_TRUE(std::ranges::equal(x.images.data(), z.images.data()));
      }
    }
    // What is in the cache needs no file any more.
    std::filesystem::rename(folder.path() / "4.jpg", folder.path() / "away");
    a.start_epoch(4);
    EXPECT_THROW(while (a.next(x)){}, Error);
    b.start_epoch(4);
    while (b.next(y)) {
    }
    std::filesystem::rename(folder.path() / "away", folder.path() / "4.jpg");
  }
}

std::string refusal_of_loader(const LoaderOptions& options) {
  ImageList list{.label_columns = 1};
  list.entries.push_back({.labels = {0}, .path = "x.jpg"});
  try {
    Loader loader(list, "", {}, options);
  } catch (const Error& error) {
    return error.message();
  }
  return "accepted";
}

TEST(PictureCache, SaysWhereItCannotBe) {
  LoaderOptions options;
  options.cache = {.kind = PictureCacheKind::kDisk, .folder = "/nowhere/at/all"};
  EXPECT_THAT(refusal_of_loader(options),
              ::testing::HasSubstr("the cache cannot be made in '/nowhere/at/all': No such file"));
  options.cache = {.kind = PictureCacheKind::kRam};
  options.augmentation.crop = CropRule::kRandomResized;
  EXPECT_THAT(refusal_of_loader(options),
              ::testing::HasSubstr("--picture-cache keeps resized pictures"));
}

}  // namespace
}  // namespace orthrus
