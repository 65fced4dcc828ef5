#include "data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "data/read_ahead.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Preprocessing kSmall{.height = 16, .width = 16, .resize = 20};
constexpr Augmentation kRandom{.crop = CropRule::kRandom, .random_mirror = true};

// Fourteen different pictures, JPEG and PNG in turn, labels 0, 1, 2, ...
class LoaderTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    list_.origin = "train.lst";
    list_.label_columns = 2;
    for (int i = 0; i < 14; ++i) {
      const std::string name = std::to_string(i) + (i % 2 == 0 ? ".jpg" : ".png");
      folder_.write(name,
                    i % 2 == 0 ? make_jpeg(40 + i, 30, {.variant = i}) : make_png(24, 25 + i, i));
      const auto label = static_cast<float>(i);
      list_.entries.push_back({.index = i, .labels = {label, -label}, .path = name, .line = i + 1});
    }
  }

  [[nodiscard]] std::unique_ptr<Loader> make_loader(
      LoaderOptions options, const Preprocessing& preprocessing = kSmall) const {
    options.augmentation = kRandom;
    return std::make_unique<Loader>(list_, folder_.path(), preprocessing, options);
  }

  TemporaryFolder folder_;
  ImageList list_;
};

std::vector<Batch> rest_of_epoch(Loader& loader) {
  std::vector<Batch> batches;
  for (Batch batch; loader.next(batch);) {
    batches.push_back({batch.images.clone(), batch.labels.clone(), batch.count, batch.positions});
  }
  return batches;
}

bool same(const Batch& a, const Batch& b) {
  const auto equal = [](const Tensor& x, const Tensor& y) {
    return x.shape() == y.shape() &&
           std::memcmp(x.bytes().data(), y.bytes().data(), x.size_bytes()) == 0;
  };
  return equal(a.images, b.images) && equal(a.labels, b.labels) && a.count == b.count &&
         a.positions == b.positions;
}

void expect_same(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same(a[i], b[i])) << "batch " << i;
}

// The parameter: number of loader threads.
INSTANTIATE_TEST_SUITE_P(Threads, LoaderTest, ::testing::Values(0, 1, 3, 9));

TEST_P(LoaderTest, TheNumberOfThreadsChangesNothing) {
  const LoaderOptions options{.batch_size = 4, .shuffle = true, .seed = 11};
  LoaderOptions threaded = options;
  threaded.threads = GetParam();
  const auto a = make_loader(options), b = make_loader(threaded);
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    a->start_epoch(epoch);
    b->start_epoch(epoch);
    expect_same(rest_of_epoch(*a), rest_of_epoch(*b));
  }
}

TEST_P(LoaderTest, PixelsAndLabelsAreThoseOfTheirPositions) {
  const auto loader =
      make_loader({.batch_size = 4, .shuffle = true, .seed = 5, .threads = GetParam()});
  const Augmenter augmenter(kSmall, kRandom);
  loader->start_epoch(2);
  const std::vector<uint32_t> order = epoch_order(14, true, 5, 2);
  const std::vector<Batch> batches = rest_of_epoch(*loader);
  ASSERT_EQ(batches.size(), 4U);
  for (size_t b = 0; b < 4; ++b) {
    for (size_t slot = 0; slot < 4; ++slot) {
      const uint32_t position = order[(4 * b + slot) % 14];
      ASSERT_EQ(batches[b].positions[slot], position);
      EXPECT_EQ(batches[b].labels.data()[2 * slot + 1], -static_cast<float>(position));
      Image image;
      const int i = static_cast<int>(position);
      decode_image(i % 2 == 0 ? make_jpeg(40 + i, 30, {.variant = i}) : make_png(24, 25 + i, i), {},
                   image);
      std::vector<float> wanted(3 * 16 * 16);
      AugmentBuffers buffers;
      RandomStream random(5, StreamPurpose::kAugment, 2, position);
      augmenter.apply(image.view(), random, buffers, wanted);
      EXPECT_EQ(std::memcmp(batches[b].images.data().data() + slot * wanted.size(), wanted.data(),
                            wanted.size() * sizeof(float)),
                0);
    }
  }
}

TEST_P(LoaderTest, StopAndContinueIsTheSameAsNeverStopping) {
  LoaderOptions options{.batch_size = 3, .shuffle = true, .seed = 4, .threads = GetParam()};
  const auto whole = make_loader(options);
  whole->start_epoch(7);
  const std::vector<Batch> expected = rest_of_epoch(*whole);

  const auto first = make_loader(options);
  first->start_epoch(7);
  Batch batch;
  ASSERT_TRUE(first->next(batch));
  ASSERT_TRUE(first->next(batch));
  const LoaderState state = first->state();
  EXPECT_EQ(state.epoch, 7U);
  EXPECT_EQ(state.batch, 2U);

  const auto second = make_loader(options);
  second->restore(state);
  const std::vector<Batch> rest = rest_of_epoch(*second);
  expect_same({expected.begin() + 2, expected.end()}, rest);
  EXPECT_EQ(second->state().batch, static_cast<uint64_t>(second->batches_per_epoch()));
  EXPECT_FALSE(second->next(batch)) << "the end stays the end";
}

TEST_P(LoaderTest, LastBatches) {
  LoaderOptions options{.batch_size = 4, .threads = GetParam()};
  std::vector<Batch> batches = rest_of_epoch(*make_loader(options));
  ASSERT_EQ(batches.size(), 4U);
  EXPECT_EQ(batches[3].count, 2);
  EXPECT_THAT(batches[3].positions, ElementsAre(12, 13, 0, 1));
  options.last_batch = LastBatch::kMxnet;
  batches = rest_of_epoch(*make_loader(options));
  EXPECT_EQ(batches.at(3).count, 4);
  options.last_batch = LastBatch::kDiscard;
  EXPECT_EQ(rest_of_epoch(*make_loader(options)).size(), 3U);
  options = {.batch_size = 30, .threads = GetParam()};
  batches = rest_of_epoch(*make_loader(options));
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].count, 14);
  EXPECT_EQ(batches[0].positions[29], 1);
}

TEST_P(LoaderTest, ABadPictureStopsWithItsPlaceInTheList) {
  folder_.write("5.png", "not a picture");
  const auto loader = make_loader({.batch_size = 4, .threads = GetParam()});
  Batch batch;
  ASSERT_TRUE(loader->next(batch));
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      (void)loader->next(batch);
      FAIL() << "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.message(),
                  AllOf(HasSubstr("train.lst:6: cannot use '"), HasSubstr("5.png'"),
                        HasSubstr("neither JPEG, PNG nor WebP")));
    }
    EXPECT_EQ(loader->state().batch, 1U);
  }
}

TEST_P(LoaderTest, TheFirstOfSeveralBadPicturesIsReported) {
  std::filesystem::remove(folder_.path() / "2.jpg");
  folder_.write("3.png", "");
  const auto loader = make_loader({.batch_size = 14, .threads = GetParam()});
  Batch batch;
  try {
    (void)loader->next(batch);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), AllOf(HasSubstr("train.lst:3:"), HasSubstr("No such file")));
  }
}

TEST_P(LoaderTest, SkippedPicturesAreReplacedByTheNextGoodOne) {
  std::filesystem::remove(folder_.path() / "12.jpg");
  folder_.write("13.png", "");
  folder_.write("4.jpg", "GIF89a");
  const auto loader =
      make_loader({.batch_size = 7, .on_bad_image = OnBadImage::kSkip, .threads = GetParam()});
  for (uint64_t epoch = 0; epoch < 2; ++epoch) {
    loader->start_epoch(epoch);
    const std::vector<Batch> batches = rest_of_epoch(*loader);
    ASSERT_EQ(batches.size(), 2U);
    EXPECT_THAT(batches[0].positions, ElementsAre(0, 1, 2, 3, 5, 5, 6));
    EXPECT_THAT(batches[1].positions, ElementsAre(7, 8, 9, 10, 11, 0, 0));
    EXPECT_EQ(batches[0].labels.data()[2 * 4], 5.0F);
  }
  EXPECT_THAT(loader->skipped(),
              ElementsAre(AllOf(HasSubstr("train.lst:5:"), HasSubstr("a GIF image")),
                          AllOf(HasSubstr("train.lst:13:"), HasSubstr("No such file")),
                          AllOf(HasSubstr("train.lst:14:"), HasSubstr("empty"))));
}

TEST_P(LoaderTest, MoreBadPicturesThanAllowedStopIt) {
  folder_.write("3.png", "");
  folder_.write("9.png", "");
  const auto pictures_taken = [&](const BadBudget& budget) {
    const auto loader = make_loader({.batch_size = 1,
                                     .on_bad_image = OnBadImage::kSkip,
                                     .max_bad = budget,
                                     .threads = GetParam()});
    Batch batch;
    int taken = 0;
    try {
      while (loader->next(batch)) ++taken;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.message(), HasSubstr("of 14 pictures are bad, more than the 1"));
      EXPECT_THROW((void)loader->next(batch), Error);
    }
    return taken;
  };
  EXPECT_EQ(pictures_taken({.count = 2}), 14);
  EXPECT_EQ(pictures_taken({.share = 0.15}), 14);
  EXPECT_LE(pictures_taken({.count = 1}), 9);
  EXPECT_LE(pictures_taken({.share = 0.01}), 9) << "a share allows one at least";
}

TEST_P(LoaderTest, AllBadIsAnError) {
  for (const ListEntry entry : list_.entries) folder_.write(std::string(entry.path), "x");
  const auto loader =
      make_loader({.batch_size = 4, .on_bad_image = OnBadImage::kSkip, .threads = GetParam()});
  Batch batch;
  try {
    (void)loader->next(batch);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("none of the 14 pictures can be used"));
  }
}

TEST_P(LoaderTest, StopsCleanlyAtAnyMoment) {
  for (int taken = 0; taken < 4; ++taken) {
    const auto loader =
        make_loader({.batch_size = 2, .threads = GetParam(), .read_ahead_bytes = 1});
    Batch batch;
    for (int i = 0; i < taken; ++i) ASSERT_TRUE(loader->next(batch));
    loader->start_epoch(1);
    if (taken % 2 == 1) {
      ASSERT_TRUE(loader->next(batch));
    }
  }
}

TEST_P(LoaderTest, TensorsOfTheRightShapeAreReused) {
  const auto loader = make_loader({.batch_size = 7, .threads = 0});
  Batch batch;
  ASSERT_TRUE(loader->next(batch));
  const std::byte* memory = batch.images.bytes().data();
  ASSERT_TRUE(loader->next(batch));
  EXPECT_EQ(batch.images.bytes().data(), memory);
}

TEST_P(LoaderTest, AListMadeByAProgramNeedsNoLabels) {
  ListEntries unlabelled;
  for (const ListEntry entry : list_.entries) unlabelled.add(entry.index, {}, entry.path, 0);
  list_.entries = unlabelled;
  list_.label_columns = 0;
  const auto loader = make_loader({.batch_size = 4, .threads = GetParam()});
  Batch batch;
  ASSERT_TRUE(loader->next(batch));
  EXPECT_EQ(batch.labels.shape(), (Shape{4, 0}));
}

TEST_P(LoaderTest, RefusesImpossibleOptions) {
  EXPECT_THROW((void)make_loader({.batch_size = -1, .threads = GetParam()}), Error);
  EXPECT_THROW((void)make_loader({.threads = -1}), Error);
  EXPECT_THROW((void)make_loader({}, {.channels = 4}), Error);
  EXPECT_THROW((void)make_loader({}, {.height = -5}), Error);
}

TEST(ReadAhead, HoldsNoMoreFilesOrBytesThanItMay) {
  constexpr std::pair<size_t, size_t> kBounds[] = {{100, 250}, {3, 1'000'000}, {1, 1}};
  for (const auto& [most_files, most_bytes] : kBounds) {
    std::atomic<int> read = 0;
    ReadAhead files(
        [&](uint64_t i) {
          ++read;
          return FileContents{std::vector<std::byte>(100, static_cast<std::byte>(i)), {}};
        },
        20, most_files, most_bytes);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(files.take().bytes.at(0), static_cast<std::byte>(i));
      EXPECT_LE(read, i + 1 + 3 + 1) << "three files reach the bound, one may be on its way";
    }
    EXPECT_EQ(read, 20);
  }
}

TEST(FindMissingImages, CountsAllAndNamesSome) {
  const TemporaryFolder folder;
  folder.write("here.jpg", "x");
  std::filesystem::create_directory(folder.path() / "folder.jpg");
  ImageList list;
  const std::string absolute = folder.write("absolute.jpg", "x").string();
  for (const std::string& path : {std::string("here.jpg"), std::string("gone1.jpg"), absolute,
                                  std::string("folder.jpg"), std::string("gone2.jpg")}) {
    list.entries.push_back({.path = path});
  }
  size_t count = 0;
  EXPECT_THAT(find_missing_images(*make_file_pictures(list, folder.path()), 2, count),
              ElementsAre("gone1.jpg", "folder.jpg"));
  EXPECT_EQ(count, 3U);
  EXPECT_EQ(image_path("images", "/a/b.jpg"), "/a/b.jpg");
  EXPECT_EQ(image_path("images", "../b.jpg"), "images/../b.jpg");
}

}  // namespace
}  // namespace orthrus
