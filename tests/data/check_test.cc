#include "data/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "data/encode_jpeg.h"
#include "data/resize.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A picture of soft blobs, different for every seed, as no photograph is like another.
Image blobs(int width, int height, uint64_t seed) {
  RandomStream random(seed, StreamPurpose::kSynthetic, 0, 0);
  double centre[12][4];
  for (auto& blob : centre) {
    for (double& value : blob) value = random.uniform();
  }
  Image image;
  image.resize(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (const auto& blob : centre) {
        const double dx = (x + 0.5) / width - blob[0], dy = (y + 0.5) / height - blob[1];
        sum += blob[2] * std::exp(-(dx * dx + dy * dy) / (0.01 + 0.03 * blob[3]));
      }
      for (int c = 0; c < 3; ++c) {
        image.row(y)[3 * x + c] = static_cast<uint8_t>(std::min(255.0, 60 * (c + 1) * sum));
      }
    }
  }
  return image;
}

Image resized(const Image& image, int width, int height) {
  CubicResizer resizer;
  Image result;
  resizer.resize(image.view(), {width, height}, {0, 0, width, height}, result);
  return result;
}

TEST(Look, CopiesLookAlikeAndOthersDoNot) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Image image = blobs(120, 80, seed);
    const Look look = look_of(image.view());
    EXPECT_FALSE(look.flat);
    EXPECT_TRUE(look_alike(look, look_of(resized(image, 300, 200).view()))) << seed;
    EXPECT_TRUE(look_alike(look, look_of(resized(image, 60, 40).view()))) << seed;
    Image coarse;
    decode_image(encode_jpeg(image.view(), 40), {}, coarse);
    EXPECT_TRUE(look_alike(look, look_of(coarse.view()))) << seed;
    EXPECT_FALSE(look_alike(look, look_of(blobs(120, 80, seed + 100).view()))) << seed;
  }
}

TEST(Look, OfTheSmallestAndOfFlatPictures) {
  Image image;
  image.resize(1, 1);
  image.row(0)[0] = image.row(0)[1] = image.row(0)[2] = 200;
  const Look look = look_of(image.view());
  EXPECT_TRUE(look.flat);
  EXPECT_EQ(look.cells[71], 200);
}

class CheckTest : public ::testing::Test {
 protected:
  void add(ImageList& list, const std::string& name, std::vector<float> labels,
           const std::vector<std::byte>& bytes) const {
    if (!bytes.empty()) folder_.write(name, bytes);
    list.label_columns = static_cast<int>(labels.size());
    list.entries.push_back({.labels = std::move(labels), .path = name, .line = 1});
  }

  [[nodiscard]] CheckReport check(const std::vector<ImageList>& lists,
                                  const CheckOptions& options = {}) const {
    std::vector<SharedPictures> sets;
    int64_t pictures = 0, counted = 0;
    for (const ImageList& list : lists) {
      sets.push_back(make_file_pictures(list, folder_.path()));
      pictures += static_cast<int64_t>(list.entries.size());
    }
    CheckReport report = check_pictures(sets, options, [&](int64_t more) { counted += more; });
    EXPECT_EQ(counted, pictures);
    return report;
  }

  TemporaryFolder folder_;
};

TEST_F(CheckTest, FindsEveryKindOfBadPicture) {
  ImageList list;
  list.origin = "a.lst";
  add(list, "good.jpg", {0}, make_jpeg(40, 30));
  add(list, "gone.jpg", {1}, {});
  add(list, "broken.jpg", {1}, std::vector<std::byte>(20));
  add(list, "tiny.png", {1}, make_png(9, 30));
  add(list, "label.png", {4}, make_png(20, 30));
  add(list, "unlabelled.png", {NAN}, make_png(21, 30));
  const CheckReport report = check({list}, {.classes = 4});
  ASSERT_THAT(report.bad, SizeIs(4));
  EXPECT_EQ(report.bad[0].badness, Badness::kMissing);
  EXPECT_THAT(report.bad[0].reason, HasSubstr("No such file"));
  EXPECT_EQ(report.bad[1].badness, Badness::kUnreadable);
  EXPECT_THAT(report.bad[1].reason, HasSubstr("zero bytes"));
  EXPECT_EQ(report.bad[2].badness, Badness::kTiny);
  EXPECT_EQ(report.bad[2].reason, "9x30 pixels");
  EXPECT_EQ(report.bad[3].badness, Badness::kLabel);
  EXPECT_EQ(report.bad[3].reason, "label 4 is none of 0 to 3");
  EXPECT_EQ(report.count(Badness::kTiny), 1U);
  EXPECT_EQ(check({list}, {.tiny_edge = 1}).count(Badness::kLabel), 0U) << "classes not known";
  EXPECT_EQ(report.sets[0].width.least, 9);
  EXPECT_EQ(report.sets[0].width.most, 40);
  EXPECT_EQ(report.sets[0].formats.at("PNG, 3 channels"), 3U);
}

TEST_F(CheckTest, FindsDuplicatesWithinAndAcrossLists) {
  const Image image = blobs(120, 80, 7);
  ImageList train, validation;
  add(train, "a.jpg", {0}, encode_jpeg(image.view(), 95));
  add(train, "other.jpg", {0}, encode_jpeg(blobs(120, 80, 8).view(), 95));
  add(train, "a_again.jpg", {1}, encode_jpeg(image.view(), 95));
  add(train, "small.jpg", {1}, encode_jpeg(resized(image, 60, 40).view(), 80));
  add(train, "wide.jpg", {1}, encode_jpeg(resized(image, 160, 40).view(), 95));
  add(validation, "a_renamed.jpg", {1}, encode_jpeg(image.view(), 95));
  add(validation, "worse.jpg", {1}, encode_jpeg(image.view(), 50));
  add(validation, "own.jpg", {1}, encode_jpeg(blobs(120, 80, 9).view(), 50));
  const CheckReport report = check({train, validation});
  EXPECT_THAT(report.bad, IsEmpty());
  ASSERT_THAT(report.exact, SizeIs(1));
  ASSERT_THAT(report.exact[0], SizeIs(3));
  EXPECT_EQ(report.exact[0][1].position, 2U);
  EXPECT_EQ(report.exact[0][2].set, 1U);
  EXPECT_EQ(report.exact[0][2].position, 0U);
  EXPECT_TRUE(across(report.exact[0]));
  ASSERT_THAT(report.near, SizeIs(1));
  ASSERT_THAT(report.near[0], SizeIs(3)) << "the wide one has another shape";
  EXPECT_EQ(report.near[0][1].position, 3U);
  EXPECT_EQ(report.near[0][2].position, 1U);
  EXPECT_TRUE(across(report.near[0]));
}

TEST_F(CheckTest, TellsDuplicatesWhoseLabelsDiffer) {
  ImageList first, second;
  first.columns = {{.name = "colour", .classes = {"blue", "red"}}, {.name = "age"}};
  second.columns = {{.name = "colour", .classes = {"red", "blue"}}, {.name = "age"}};
  add(first, "a.png", {0, 1.5F}, make_png(20, 20, 0));
  add(first, "b.png", {1, NAN}, make_png(20, 20, 0));
  add(second, "c.png", {1, 1.5F}, make_png(20, 20, 0));
  EXPECT_EQ(labels_text(first, 0), "blue, 1.5");
  EXPECT_EQ(labels_text(first, 1), "red, -");
  const std::vector<SharedPictures> sets = {make_file_pictures(first, folder_.path()),
                                            make_file_pictures(second, folder_.path())};
  EXPECT_TRUE(labels_differ(sets, {{0, 0}, {0, 1}}));
  EXPECT_FALSE(labels_differ(sets, {{0, 0}, {1, 0}})) << "the same names";
  EXPECT_TRUE(labels_differ(sets, {{0, 0}, {1, 0}, {0, 1}}));
}

TEST_F(CheckTest, CountsLabelsOfEachColumn) {
  ImageList list;
  list.columns = {{.name = "colour", .classes = {"blue", "red"}}, {.name = "age"}};
  add(list, "a.png", {0, 1.5F}, make_png(20, 20, 0));
  add(list, "b.png", {1, NAN}, make_png(20, 20, 1));
  add(list, "c.png", {1, -2}, make_png(20, 20, 2));
  add(list, "d.png", {1, 3}, make_png(20, 20, 3));
  const std::vector<ColumnCounts> columns = count_columns(list);
  ASSERT_THAT(columns, SizeIs(2));
  EXPECT_TRUE(columns[0].whole);
  EXPECT_EQ(columns[0].imbalance(), 3);
  EXPECT_EQ(columns[0].class_name(1), "red");
  EXPECT_EQ(columns[0].class_name(2), "2");
  EXPECT_EQ(columns[1].missing, 1U);
  EXPECT_EQ(columns[1].least, -2);
  EXPECT_FALSE(columns[1].whole);
  EXPECT_EQ(columns[1].imbalance(), 0);
}

TEST_F(CheckTest, CanBeStopped) {
  ImageList list;
  add(list, "a.png", {0}, make_png(20, 20));
  EXPECT_THROW((void)check_pictures({make_file_pictures(list, folder_.path())}, {},
                                    [](int64_t) { throw usage_error("stop"); }),
               Error);
}

TEST(Duplicates, ManyPicturesThatLookAlikeTakeNoQuadraticTime) {
  std::vector<PictureFacts> facts(20000);
  for (size_t i = 0; i < facts.size(); ++i) {
    facts[i].usable = true;
    facts[i].file_hash = i;
    facts[i].info = {.width = 10, .height = 10};
    facts[i].look.cells[0] = 100;
  }
  const Duplicates duplicates = find_duplicates(facts);
  ASSERT_THAT(duplicates.near, SizeIs(1));
  EXPECT_EQ(duplicates.near[0].size(), facts.size());
}

}  // namespace
}  // namespace orthrus
