#include "data/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "data/list_writer.h"
#include "data/record_pictures.h"
#include "data/record_writer.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;
using ::testing::SizeIs;

void count_nothing(int64_t) {}

class PackTest : public ::testing::Test {
 protected:
  void SetUp() override {
    list_.origin = "train.lst";
    list_.label_columns = 2;
    for (int i = 0; i < 5; ++i) {
      const std::string name = std::to_string(i) + (i % 2 == 0 ? ".jpg" : ".png");
      folder_.write(name, i % 2 == 0 ? make_jpeg(60 + i, 40, {.variant = i}) : make_png(30, 20, i));
      list_.entries.push_back(
          {.index = 10 * i, .labels = {static_cast<float>(i), NAN}, .path = name, .line = i + 1});
    }
  }

  [[nodiscard]] PackReport pack(const PackOptions& options = {}) const {
    return pack_pictures(*make_file_pictures(list_, folder_.path()), folder_.path() / "out",
                         options, count_nothing);
  }
  [[nodiscard]] SharedPictures packed() const {
    return open_pictures({.list = folder_.path() / "out.rec", .folder = {}});
  }

  TemporaryFolder folder_;
  ImageList list_;
};

TEST_F(PackTest, KeepsBytesLabelsAndIndexes) {
  const PackReport report = pack();
  EXPECT_EQ(report.packed, 5U);
  EXPECT_EQ(report.encoded, 0U);
  EXPECT_FALSE(report.renumbered);
  EXPECT_EQ(report.bytes, std::filesystem::file_size(folder_.path() / "out.rec"));
  const SharedPictures pictures = packed();
  const ImageList list = read_list(folder_.path() / "out.lst");
  for (size_t i = 0; i < 5; ++i) {
    const ListEntry entry = pictures->list().entries[i];
    EXPECT_EQ(entry.index, 10 * static_cast<int64_t>(i));
    EXPECT_THAT(entry.labels, ElementsAre(static_cast<float>(i), IsNan()));
    EXPECT_THAT(list.entries[i].labels, ElementsAre(static_cast<float>(i), IsNan()));
    EXPECT_EQ(list.entries[i].path, list_.entries[i].path);
    EXPECT_EQ(pictures->read(i, 1 << 20),
              read_file(folder_.path() / std::string(list.entries[i].path)));
  }
}

TEST_F(PackTest, ResizesWhatIsLarger) {
  const PackReport report = pack({.resize = 24, .quality = 80});
  EXPECT_EQ(report.encoded, 3U);
  const SharedPictures pictures = packed();
  Image image;
  EXPECT_EQ(decode_image(pictures->read(0, 1 << 20), {}, image).format, ImageFormat::kJpeg);
  EXPECT_EQ(image.height(), 24);
  EXPECT_EQ(image.width(), 36);
  EXPECT_EQ(decode_image(pictures->read(1, 1 << 20), {}, image).format, ImageFormat::kPng);
}

TEST_F(PackTest, ABadPictureStopsItAndLeavesNothing) {
  folder_.write("3.png", "none");
  try {
    (void)pack();
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.message(), HasSubstr("train.lst:4: cannot use"));
  }
  for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_NE(file.path().stem(), "out") << file.path();
  }
  const PackReport report = pack({.on_bad_image = OnBadImage::kSkip});
  EXPECT_EQ(report.packed, 4U);
  EXPECT_THAT(report.skipped, ElementsAre(HasSubstr("train.lst:4: cannot use")));
  EXPECT_THAT(packed()->list().entries, SizeIs(4));
}

TEST_F(PackTest, RepeatedIndexesAreReplaced) {
  list_.entries.push_back({.index = 10, .labels = {9, 9}, .path = "0.jpg", .line = 6});
  EXPECT_TRUE(pack().renumbered);
  EXPECT_EQ(packed()->list().entries[5].index, 5);
  EXPECT_THAT(packed()->list().warnings, ElementsAre(HasSubstr("labels are missing")));
}

TEST_F(PackTest, LinesThatRepeatOneAnotherKeepTheirIndex) {
  list_.entries.push_back({.index = 10, .labels = {1, NAN}, .path = "1.png", .line = 6});
  EXPECT_FALSE(pack().renumbered);
  const SharedPictures pictures = packed();
  ASSERT_EQ(pictures->list().entries.size(), 6U);
  EXPECT_EQ(pictures->list().entries[5].index, 10);
  EXPECT_EQ(pictures->read(5, 1 << 20), read_file(folder_.path() / "1.png"));
  const auto list = folder_.write("original.lst", "10\t1\tnan\t1.png\n40\t4\tnan\t4.jpg\n");
  const SharedPictures matched =
      open_pictures({.list = list, .folder = folder_.path() / "out.rec"});
  EXPECT_EQ(matched->read(0, 1 << 20), read_file(folder_.path() / "1.png"));
  EXPECT_EQ(matched->read(1, 1 << 20), read_file(folder_.path() / "4.jpg"));
}

TEST(RecordWriter, SplitsWhereTheMagicNumberStands) {
  const TemporaryFolder folder;
  const std::string magic(reinterpret_cast<const char*>(&kRecordMagic), sizeof kRecordMagic);
  const std::vector<std::string> payloads = {
      "", magic, magic + magic, "abcd" + magic, "x" + magic, magic + "tail", "abc"};
  RecordWriter writer(folder.path() / "r");
  for (size_t i = 0; i < payloads.size(); ++i) {
    writer.add(static_cast<int64_t>(i), std::as_bytes(std::span(payloads[i])));
  }
  writer.commit();
  const RecordFile file(folder.path() / "r.rec");
  const std::vector<RecordPlace> places = read_record_index(folder.path() / "r.idx");
  ASSERT_EQ(places.size(), payloads.size());
  for (size_t i = 0; i < payloads.size(); ++i) {
    const std::vector<std::byte> payload = file.read(places[i].offset);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(payload.data()), payload.size()),
              payloads[i]);
  }
}

TEST(ListLine, IsReadBackAndRefusesWhatCannotBe) {
  EXPECT_EQ(list_line(7, std::vector<float>{1, 0.1F, NAN}, "a b.jpg"), "7\t1\t0.1\tnan\ta b.jpg\n");
  EXPECT_THROW((void)list_line(0, {}, "a\tb"), Error);
  EXPECT_THROW((void)list_line(0, {}, "a\n"), Error);
  EXPECT_THROW((void)list_line(0, {}, " a"), Error);
}

ImageList split_sample() {
  ImageList list;
  list.label_columns = 1;
  for (int i = 0; i < 130; ++i) {
    const float label = i < 100 ? 0 : i < 120 ? 1 : NAN;
    list.entries.push_back({.labels = {label}, .path = "p" + std::to_string(i)});
  }
  return list;
}

TEST(SplitList, DealsOutEachClass) {
  const Split3 split = split_list(split_sample(), {.validation = 0.1, .test = 0.2}, 5);
  EXPECT_THAT(split.validation, SizeIs(10 + 2 + 1));
  EXPECT_THAT(split.test, SizeIs(20 + 4 + 2));
  std::set<size_t> all;
  for (const auto* part : {&split.train, &split.validation, &split.test}) {
    EXPECT_TRUE(std::ranges::is_sorted(*part));
    all.insert(part->begin(), part->end());
  }
  EXPECT_THAT(all, SizeIs(130));
  EXPECT_THAT(split_list(split_sample(), {}, 5).test, IsEmpty());
  ImageList small;
  small.label_columns = 1;
  for (const float label : {2.0F, 0.0F, 1.0F, NAN}) small.entries.push_back({.labels = {label}});
  EXPECT_THAT(absent_labels(small, std::vector<size_t>{1}), testing::ElementsAre(1, 2));
  EXPECT_THAT(absent_labels(small, std::vector<size_t>{0, 1, 2}), IsEmpty());
}

TEST(SplitList, DependsOnTheSeedAndMovesFewPictures) {
  const SplitShares shares{.validation = 0.2};
  ImageList list = split_sample();
  const Split3 first = split_list(list, shares, 1);
  EXPECT_EQ(split_list(list, shares, 1).validation, first.validation);
  EXPECT_NE(split_list(list, shares, 2).validation, first.validation);
  list.entries.push_back({.labels = {0}, .path = "one more"});
  std::vector<size_t> moved;
  std::ranges::set_symmetric_difference(split_list(list, shares, 1).validation, first.validation,
                                        std::back_inserter(moved));
  EXPECT_LE(moved.size(), 2U);
}

}  // namespace
}  // namespace orthrus
