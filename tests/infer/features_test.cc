#include "infer/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/threads.h"
#include "formats/safetensors/safetensors.h"
#include "graph/passes/cut.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using testing::golden_loader;
using ::testing::HasSubstr;
using testing::kPictures;
using testing::refusal_of;
using testing::TemporaryFolder;
using testing::tiny_model;

LoaderOptions feature_batches(int size, bool shuffle = false) {
  LoaderOptions options;
  options.batch_size = size;
  options.shuffle = shuffle;
  options.seed = 5;
  return options;
}

// The convolution and its BatchNorm of the tiny network, on the processor's kernels.
class Features : public ::testing::Test {
 protected:
  std::unique_ptr<Inference> network(int batch_size) {
    return std::make_unique<Inference>(cut(model_.graph, find_layer(model_.graph, "relu")), "data",
                                       picture_shape(model_.preprocessing, batch_size),
                                       model_.parameters, *backend_);
  }
  FeatureCacheSpec spec(DType dtype = DType::kF32, int views = 1) const {
    return {.pictures = pictures_->list().entries.size(),
            .views = views,
            .features = {1, 4, 4, 4},
            .dtype = dtype,
            .key = 17};
  }
  [[nodiscard]] static LoaderOptions augmented(LoaderOptions options) {
    options.augmentation.crop = CropRule::kRandom;
    options.augmentation.random_mirror = true;
    return options;
  }
  FeatureCache in_memory(int batch_size, DType dtype = DType::kF32) {
    Loader loader(pictures_, model_.preprocessing, feature_batches(batch_size));
    return FeatureCache::compute(spec(dtype), loader, *network(batch_size), {});
  }
  // Two epochs from a cache against the same computed afresh.
  void expect_equal(BatchSource& fresh, BatchSource& cached, int epochs) {
    ASSERT_EQ(fresh.batches_per_epoch(), cached.batches_per_epoch());
    Batch a, b;
    for (int epoch = 0; epoch < epochs; ++epoch) {
      fresh.start_epoch(static_cast<uint64_t>(epoch));
      cached.start_epoch(static_cast<uint64_t>(epoch));
      while (fresh.next(a)) {
        ASSERT_TRUE(cached.next(b));
        EXPECT_EQ(a.images.shape(), b.images.shape());
        EXPECT_TRUE(std::ranges::equal(a.images.bytes(), b.images.bytes()));
        EXPECT_TRUE(std::ranges::equal(a.labels.bytes(), b.labels.bytes()));
        EXPECT_EQ(a.positions, b.positions);
        EXPECT_EQ(a.count, b.count);
        EXPECT_EQ(fresh.state().batch, cached.state().batch);
      }
      EXPECT_FALSE(cached.next(b));
    }
  }

  Model model_ = tiny_model();
  std::unique_ptr<Backend> backend_ = make_cpu_backend();
  SharedPictures pictures_ = make_file_pictures(read_list(kPictures / "train.lst"), kPictures);
};

TEST_F(Features, FromACacheAreThoseComputedAfresh) {
  const auto frozen = network(5);
  Loader loader(pictures_, model_.preprocessing, feature_batches(5, true));
  FeatureLoader fresh(loader, *frozen);
  const FeatureCache cache = in_memory(5);
  CachedFeatureLoader cached(cache, *pictures_, feature_batches(5, true));
  expect_equal(fresh, cached, 2);
}

TEST_F(Features, DoNotDependOnTheNumberOfThreads) {
  const int threads = current_threads();
  set_threads(1);
  const FeatureCache one = in_memory(4);
  set_threads(3);
  const FeatureCache three = in_memory(4);
  set_threads(threads);
  std::vector<float> a(64), b(64);
  for (size_t i = 0; i < one.spec().pictures; ++i) {
    one.read(0, i, a);
    three.read(0, i, b);
    EXPECT_EQ(a, b) << i;
  }
}

TEST_F(Features, OfViewsAreThoseOfTheFirstEpochs) {
  const auto frozen = network(4);
  Loader loader(pictures_, model_.preprocessing, augmented(feature_batches(4, true)));
  FeatureLoader fresh(loader, *frozen);
  Loader in_order(pictures_, model_.preprocessing, augmented(feature_batches(4)));
  const FeatureCache cache = FeatureCache::compute(spec(DType::kF32, 2), in_order, *network(4), {});
  CachedFeatureLoader cached(cache, *pictures_, feature_batches(4, true));
  expect_equal(fresh, cached, 2);
  std::vector<float> first(64), second(64);
  cache.read(0, 3, first);
  cache.read(1, 3, second);
  EXPECT_NE(first, second);
}

TEST_F(Features, InABadPicturesPlaceAreThoseOfTheNext) {
  const TemporaryFolder folder;
  std::string list;
  for (int i = 0; i < 5; ++i) {
    list += fmt::format("{}\t{}\t{}\n", i, i % 4,
                        i == 2 ? "none.jpg" : (kPictures / "images/00_plain.jpg").string());
  }
  write_file(folder.path() / "l.lst", list);
  const SharedPictures pictures =
      make_file_pictures(read_list(folder.path() / "l.lst"), folder.path());
  LoaderOptions options = feature_batches(2);
  options.on_bad_image = OnBadImage::kSkip;
  Loader in_order(pictures, model_.preprocessing, options);
  FeatureCacheSpec five = spec();
  five.pictures = 5;
  const FeatureCache cache = FeatureCache::compute(five, in_order, *network(2), {});
  EXPECT_TRUE(cache.valid(1));
  EXPECT_FALSE(cache.valid(2));
  const auto frozen = network(2);
  options.shuffle = true;
  Loader loader(pictures, model_.preprocessing, options);
  FeatureLoader fresh(loader, *frozen);
  CachedFeatureLoader cached(cache, *pictures, options);
  expect_equal(fresh, cached, 2);
}

class CachedFile : public Features {
 protected:
  void SetUp() override {
    Loader loader(pictures_, model_.preprocessing, feature_batches(5));
    FeatureCache::write(path_, spec(), loader, *network(5), {});
  }
  std::string refusal(const FeatureCacheSpec& wanted) {
    return refusal_of([&] { (void)FeatureCache::map(path_, wanted); });
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "x.features";
};

TEST_F(CachedFile, HoldsWhatMemoryHolds) {
  const FeatureCache mapped = FeatureCache::map(path_, spec());
  const FeatureCache memory = in_memory(5);
  std::vector<float> a(64), b(64);
  for (size_t i = 0; i < spec().pictures; ++i) {
    mapped.read(0, i, a);
    memory.read(0, i, b);
    EXPECT_EQ(a, b);
    EXPECT_TRUE(mapped.valid(i));
  }
}

TEST_F(CachedFile, IsASafetensorsFile) {
  const SafetensorsFile file = read_safetensors(path_);
  const auto count = static_cast<int64_t>(spec().pictures);
  EXPECT_EQ(file.tensors.at("features").shape(), (Shape{count, 4, 4, 4}));
  EXPECT_EQ(file.tensors.at("valid").shape(), (Shape{count}));
  EXPECT_EQ(file.metadata.at("key"), "0000000000000011");
}

TEST_F(CachedFile, OfSomethingElseIsRefused) {
  FeatureCacheSpec other = spec();
  other.key = 18;
  EXPECT_THAT(refusal(other), HasSubstr("holds other features"));
  EXPECT_NE(other.file_name(), spec().file_name());
  other = spec();
  other.pictures += 1;
  EXPECT_THAT(refusal(other), HasSubstr("bytes, expected"));
}

TEST_F(CachedFile, IsRefusedWhenItIsCutOrAnyBitWasFlipped) {
  const std::vector<std::byte> whole = read_file(path_);
  for (size_t i = 0; i < whole.size(); i += 5) {
    std::vector<std::byte> bytes = whole;
    bytes[i] ^= std::byte{4};
    write_file(path_, bytes);
    EXPECT_NE(refusal(spec()), "nothing thrown") << i;
  }
  for (size_t size = 0; size < whole.size(); size += 501) {
    write_file(path_, std::span(whole).first(size));
    EXPECT_NE(refusal(spec()), "nothing thrown") << size;
  }
  std::filesystem::remove(path_);
  EXPECT_THAT(refusal(spec()), HasSubstr("No such file"));
}

TEST_F(CachedFile, InBf16IsHalfAsLargeAndRounded) {
  const FeatureCache wide = in_memory(5);
  const FeatureCache narrow = in_memory(5, DType::kBF16);
  EXPECT_EQ(2 * narrow.spec().size_bytes(), wide.spec().size_bytes());
  std::vector<float> a(64), b(64);
  wide.read(0, 3, a);
  narrow.read(0, 3, b);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(b[i], bf16_to_f32(f32_to_bf16(a[i])));
}

TEST_F(Features, KeyChangesWithAllThatTheyDependOn) {
  const auto key = [&](const Preprocessing& preprocessing, const LoaderOptions& loading) {
    return feature_key(*network(5), preprocessing, *pictures_, loading);
  };
  const uint64_t first = key(model_.preprocessing, feature_batches(5));
  EXPECT_EQ(key(model_.preprocessing, feature_batches(5)), first);
  Preprocessing other = model_.preprocessing;
  other.mean[1] += 1;
  EXPECT_NE(key(other, feature_batches(5)), first);
  LoaderOptions seeded = feature_batches(5);
  seeded.seed = 6;
  EXPECT_EQ(key(model_.preprocessing, seeded), first);
  EXPECT_NE(key(model_.preprocessing, augmented(seeded)),
            key(model_.preprocessing, augmented(feature_batches(5))));
  EXPECT_NE(key(model_.preprocessing, augmented(seeded)), first);
  model_.parameters["bn_beta"] = Tensor::filled({4}, 2);
  EXPECT_NE(key(model_.preprocessing, feature_batches(5)), first);
  model_ = tiny_model();

  const TemporaryFolder folder;
  std::filesystem::copy(kPictures / "images/00_plain.jpg", folder.path() / "a.jpg");
  ImageList list;
  list.entries = {{.index = 0, .labels = {0}, .path = "a.jpg"}};
  list.label_columns = 1;
  pictures_ = make_file_pictures(list, folder.path());
  const uint64_t before = key(model_.preprocessing, feature_batches(1));
  std::filesystem::copy(kPictures / "images/01_gray.jpg", folder.path() / "a.jpg",
                        std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(key(model_.preprocessing, feature_batches(1)), before);
}

}  // namespace
}  // namespace orthrus
