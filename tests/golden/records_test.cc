// RecordIO files that MXNet 1.9.1 wrote: the payloads, labels and pictures that went in come out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/test_folder.h"
#include "data/loader.h"
#include "data/record_pictures.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::filesystem::path kRecordData = testing::test_folder() / "golden/mxnet/data";
constexpr uint64_t kAnySize = uint64_t{1} << 30;

std::string hex_of(const std::vector<std::byte>& bytes) {
  std::string hex;
  for (const std::byte byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return hex;
}

TEST(Records, SplitPayloadsComeTogetherAgain) {
  std::ifstream json(kRecordData / "raw.json");
  const nlohmann::json golden = nlohmann::json::parse(json);
  const RecordFile file(kRecordData / "raw.rec");
  const std::vector<RecordPlace> places = read_record_index(kRecordData / "raw.idx");
  ASSERT_EQ(places.size(), golden["payload_hex"].size());
  uint64_t offset = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    EXPECT_EQ(places[i].key, golden["keys"][i].get<int64_t>());
    ASSERT_EQ(places[i].offset, offset) << "as found by going through the file";
    const std::string payload = golden["payload_hex"][i].get<std::string>();
    EXPECT_EQ(hex_of(file.read(offset)), payload);
    EXPECT_EQ(file.payload_bytes(offset), payload.size() / 2);
    for (const size_t most : {0, 3, 5, 9}) {
      EXPECT_EQ(hex_of(file.read(offset, most)), payload.substr(0, 2 * most));
    }
    offset = file.next(offset);
  }
  EXPECT_EQ(offset, file.size_bytes());
}

TEST(Records, HoldThePicturesOfTheirList) {
  const SharedPictures packed = open_pictures({.list = kRecordData / "train.rec", .folder = {}});
  const SharedPictures files =
      open_pictures({.list = kRecordData / "train.lst", .folder = kRecordData});
  ASSERT_EQ(packed->list().entries.size(), files->list().entries.size());
  EXPECT_THAT(packed->list().warnings, IsEmpty());
  for (size_t i = 0; i < files->list().entries.size(); ++i) {
    const ListEntry a = packed->list().entries[i], b = files->list().entries[i];
    EXPECT_EQ(a.index, b.index);
    EXPECT_EQ(a.labels[0], b.labels[0]);
    EXPECT_EQ(a.path, std::to_string(b.index));
    EXPECT_EQ(packed->read(i, kAnySize), files->read(i, kAnySize));
  }
}

TEST(Records, HavePackedLabels) {
  const RecordList multi = read_record_list(kRecordData / "multi.rec");
  const ImageList list = read_list(kRecordData / "multi.lst");
  ASSERT_EQ(multi.list.label_columns, 3);
  ASSERT_EQ(multi.list.entries.size(), list.entries.size());
  for (size_t i = 0; i < list.entries.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(multi.list.entries[i].labels, list.entries[i].labels));
  }
}

TEST(Records, ComeInTheOrderOfTheIndexUnderItsKeys) {
  const RecordList odd = read_record_list(kRecordData / "odd.rec");
  EXPECT_THAT(std::vector(odd.list.entries.indexes().begin(), odd.list.entries.indexes().end()),
              ElementsAre(7, 6, 5, 4));
  EXPECT_EQ(odd.list.label_columns, 1) << "one packed label and one in the header are the same";
}

TEST(Records, ALoaderReadsThemLikeFiles) {
  const Preprocessing small{.height = 32, .width = 32, .resize = 32};
  const LoaderOptions options{.batch_size = 16};
  Loader packed(open_pictures({.list = kRecordData / "train.rec", .folder = {}}), small, options);
  // The list's labels, the record file's pictures.
  Loader relabelled(
      open_pictures({.list = kRecordData / "train.lst", .folder = kRecordData / "train.rec"}),
      small, options);
  Loader files(open_pictures({.list = kRecordData / "train.lst", .folder = kRecordData}), small,
               options);
  Batch a, b, c;
  ASSERT_TRUE(packed.next(a) && files.next(b) && relabelled.next(c));
  EXPECT_TRUE(std::ranges::equal(a.images.data(), b.images.data()));
  EXPECT_TRUE(std::ranges::equal(a.labels.data(), b.labels.data()));
  EXPECT_TRUE(std::ranges::equal(c.images.data(), b.images.data()));
  EXPECT_TRUE(std::ranges::equal(c.labels.data(), b.labels.data()));
}

}  // namespace
}  // namespace orthrus
