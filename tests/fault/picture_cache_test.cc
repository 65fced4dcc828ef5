// The cache of decoded pictures is a help that nothing depends on: whatever fails in it, the
// batches are those of a training without it, and one line says what happened.
#include "data/picture_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "data/loader.h"
#include "fault/faults.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using testing::kPictures;

constexpr int kPicturesTaken = 6;

class PictureCacheFault : public ::testing::Test {
 protected:
  static std::unique_ptr<Loader> loader(PictureCacheKind kind, int threads = 0) {
    ImageList list{.label_columns = 1};
    for (int i = 0; i < kPicturesTaken; ++i) {
      list.entries.push_back({.labels = {0}, .path = "images/00_plain.jpg"});
    }
    LoaderOptions options{.batch_size = 2, .threads = threads};
    options.cache = {.kind = kind};
    const Preprocessing size{.height = 20, .width = 20, .resize = 24};
    return std::make_unique<Loader>(make_file_pictures(list, kPictures), size, options);
  }

  static std::vector<float> epoch(Loader& loader, uint64_t number) {
    std::vector<float> pixels;
    Batch batch;
    loader.start_epoch(number);
    while (loader.next(batch)) {
      pixels.insert(pixels.end(), batch.images.data().begin(), batch.images.data().end());
    }
    return pixels;
  }

  // Of every epoch: nothing is shuffled or augmented.
  const std::vector<float> want_ = epoch(*loader(PictureCacheKind::kOff), 0);
};

// The k-th picture is the first that the disk has no room for, or cannot give back.
TEST_F(PictureCacheFault, AFullOrBadDiskChangesNoPixel) {
  struct Case {
    SystemCall call;
    int error;
    const char* message;
  };
  for (const auto& [call, error, message] :
       {Case{SystemCall::kWrite, ENOSPC, "cannot be written: No space left on device"},
        Case{SystemCall::kWrite, EIO, "cannot be written: Input/output error"}}) {
    for (int64_t k = 1; k <= kPicturesTaken; ++k) {
      for (const int threads : {0, 2}) {
        const auto cached = loader(PictureCacheKind::kDisk, threads);
        EXPECT_EQ(cached->cache_failure(), "");
        const SystemFaults faults({.call = call, .first = k, .for_ever = true, .error = error});
        EXPECT_EQ(epoch(*cached, 0), want_);
        EXPECT_TRUE(faults.struck());
        EXPECT_THAT(cached->cache_failure(), HasSubstr(message));
        const int64_t calls = faults.calls();
        EXPECT_EQ(epoch(*cached, 1), want_);
        EXPECT_EQ(faults.calls(), calls) << "a cache that has failed is left alone";
      }
    }
  }
}

TEST_F(PictureCacheFault, WhatCannotBeReadBackIsDecodedAgain) {
  for (int64_t k = 1; k <= kPicturesTaken; ++k) {
    const auto cached = loader(PictureCacheKind::kDisk);
    EXPECT_EQ(epoch(*cached, 0), want_);
    // Files are not read in this epoch until the cache has failed.
    const SystemFaults faults({.call = SystemCall::kRead, .first = k, .error = EIO});
    EXPECT_EQ(epoch(*cached, 1), want_);
    EXPECT_TRUE(faults.struck());
    EXPECT_THAT(cached->cache_failure(), HasSubstr("cannot be read: Input/output error"));
  }
}

TEST_F(PictureCacheFault, OutOfMemoryItTakesNoMore) {
  Image image;
  image.resize(20, 10);
  std::fill_n(image.row(0), image.size_bytes(), uint8_t{7});
  bool struck = true;
  for (int64_t k = 1; struck; ++k) {
    ASSERT_LE(k, 10);
    PictureCache cache({.kind = PictureCacheKind::kRam, .most_bytes = 2 * image.size_bytes()});
    cache.put(0, {40, 20}, image);
    {
      const SystemFaults faults({.call = SystemCall::kAllocate, .first = k, .error = ENOMEM});
      cache.put(1, {40, 20}, image);
      struck = faults.struck();
    }
    EXPECT_TRUE(cache.holds(0));
    EXPECT_EQ(cache.holds(1), !struck);
    EXPECT_EQ(cache.failure().empty(), !struck);
    EXPECT_FALSE(cache.has_room({1, 1})) << "closed, or full";
    if (struck) {
      EXPECT_THAT(cache.failure(), HasSubstr("out of memory; no more images are cached"));
    }
    if (k == 1) {
      EXPECT_TRUE(struck) << "nothing was allocated";
    }
  }
}

}  // namespace
}  // namespace orthrus
