// Pixels and batches as MXNet 1.9.1 makes them (tests/golden/mxnet/README.md): decoding, resizing,
// the validation pipeline, and the order of an epoch with its filled last batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "data/augment.h"
#include "data/decode.h"
#include "data/loader.h"
#include "formats/mxnet/params.h"
#include "golden/networks.h"

namespace orthrus {
namespace {

using testing::kGoldens;

Image decode(const std::string& name) {
  Image image;
  decode_image(read_file(kGoldens / "data/images" / name), {}, image);
  return image;
}

NamedTensors golden_pixels(const std::string& name) {
  return mxnet::read_params(kGoldens / "pixels" / name);
}

void expect_equal(const Image& image, const Tensor& golden, const std::string& name) {
  ASSERT_EQ(golden.shape(), (Shape{image.height(), image.width(), 3})) << name;
  const std::span<const uint8_t> wanted = golden.data<uint8_t>();
  const std::span<const uint8_t> got(image.row(0), image.size_bytes());
  const auto [at, expected] = std::ranges::mismatch(got, wanted);
  EXPECT_TRUE(at == got.end()) << name << ": value " << at - got.begin() << " is " << int{*at}
                               << ", expected " << int{*expected};
}

TEST(Pixels, DecodingIsExact) {
  const NamedTensors goldens = golden_pixels("decoded.params");
  EXPECT_EQ(goldens.size(), 26U);
  for (const auto& [name, golden] : goldens) expect_equal(decode(name), golden, name);
}

TEST(Pixels, BicubicResizingOfTheShorterEdgeIsExact) {
  const NamedTensors goldens = golden_pixels("short32_cubic.params");
  EXPECT_EQ(goldens.size(), 26U);
  CubicResizer resizer;
  Image resized;
  for (const auto& [name, golden] : goldens) {
    const Image image = decode(name);
    const Size size = resize_short({image.width(), image.height()}, 32);
    resizer.resize(image.view(), size, {0, 0, size.width, size.height}, resized);
    expect_equal(resized, golden, name);
  }
}

class InterpolationTest : public ::testing::TestWithParam<std::pair<const char*, Interpolation>> {};

INSTANTIATE_TEST_SUITE_P(Pixels, InterpolationTest,
                         ::testing::Values(std::pair("short32_linear", Interpolation::kLinear),
                                           std::pair("short32_area", Interpolation::kArea),
                                           std::pair("short32_lanczos", Interpolation::kLanczos),
                                           std::pair("short90_lanczos", Interpolation::kLanczos)));

TEST_P(InterpolationTest, OfTheShorterEdgeIsExact) {
  const NamedTensors goldens = golden_pixels(std::string(GetParam().first) + ".params");
  EXPECT_GE(goldens.size(), 3U);
  const int64_t edge = std::string_view(GetParam().first).starts_with("short90") ? 90 : 32;
  Image resized;
  for (const auto& [name, golden] : goldens) {
    const Image image = decode(name);
    const Size size = resize_short(image.view().whole(), edge);
    Resizer().resize(GetParam().second, {.pixels = image.view(), .whole = image.view().whole()},
                     size, {0, 0, size.width, size.height}, resized);
    expect_equal(resized, golden, name);
  }
}

struct Pipeline {
  std::string file;
  size_t pictures;
  int64_t height, width, resize;
};

class PipelineTest : public ::testing::TestWithParam<Pipeline> {};

INSTANTIATE_TEST_SUITE_P(Pixels, PipelineTest,
                         ::testing::Values(Pipeline{"val_3x32x32_resize32", 26, 32, 32, 32},
                                           Pipeline{"val_3x56x40_resize56", 5, 56, 40, 56},
                                           Pipeline{"val_3x48x64_noresize", 8, 48, 64, 0}),
                         [](const auto& test) { return test.param.file; });

TEST_P(PipelineTest, IsMxnets) {
  const Pipeline& pipeline = GetParam();
  const Augmenter augmenter(
      {.height = pipeline.height, .width = pipeline.width, .resize = pipeline.resize});
  const NamedTensors goldens = golden_pixels(pipeline.file + ".params");
  EXPECT_EQ(goldens.size(), pipeline.pictures);
  for (const auto& [name, golden] : goldens) {
    ASSERT_EQ(golden.shape(), (Shape{3, pipeline.height, pipeline.width})) << name;
    std::vector<float> got(golden.data().size());
    AugmentBuffers buffers;
    RandomStream random(0, StreamPurpose::kAugment, 0, 0);
    augmenter.apply(decode(name).view(), random, buffers, got);
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], golden.data()[i], 1e-5) << name << ", value " << i;
    }
  }
}

TEST(Pixels, BatchesAreThoseOfImageIter) {
  ImageList list = read_list(kGoldens / "data/val.lst");
  Loader loader(list, kGoldens / "data", {.height = 32, .width = 32, .resize = 32},
                {.batch_size = 8});
  const NamedTensors goldens = golden_pixels("val_3x32x32_resize32.params");
  std::ifstream file(kGoldens / "pixels/val_batches_of_8.json");
  Batch batch;
  for (const nlohmann::json& golden : nlohmann::json::parse(file)) {
    ASSERT_TRUE(loader.next(batch));
    EXPECT_EQ(8 - batch.count, golden["pad"].get<int>());
    for (size_t slot = 0; slot < 8; ++slot) {
      const std::string path(list.entries[static_cast<size_t>(batch.positions[slot])].path);
      EXPECT_EQ(path, "images/" + golden["images"][slot].get<std::string>());
      EXPECT_EQ(batch.labels.data()[slot], golden["labels"][slot].get<float>());
      const Tensor& pixels = goldens.at(golden["images"][slot].get<std::string>());
      for (size_t i = 0; i < pixels.data().size(); ++i) {
        ASSERT_NEAR(batch.images.data()[slot * pixels.data().size() + i], pixels.data()[i], 1e-5);
      }
    }
  }
  EXPECT_FALSE(loader.next(batch));
}

}  // namespace
}  // namespace orthrus
