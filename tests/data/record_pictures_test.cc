#include "data/record_pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void append_word(std::string& text, uint32_t word) {
  char bytes[sizeof word];
  std::memcpy(bytes, &word, sizeof word);
  text.append(bytes, sizeof word);
}

std::string part(uint32_t flag, const std::string& data) {
  std::string text;
  append_word(text, kRecordMagic);
  append_word(text, flag << 29 | static_cast<uint32_t>(data.size()));
  text += data;
  text.resize((text.size() + 3) & ~size_t{3});
  return text;
}

std::string image_payload(std::vector<float> labels, const std::string& picture, uint32_t id = 0) {
  std::string text;
  const bool packed = labels.size() != 1;
  append_word(text, packed ? static_cast<uint32_t>(labels.size()) : 0);
  const float in_header = packed ? 0 : labels[0];
  text.append(reinterpret_cast<const char*>(&in_header), sizeof in_header);
  append_word(text, id);
  text.append(12, '\0');
  if (packed) text.append(reinterpret_cast<const char*>(labels.data()), 4 * labels.size());
  return text + picture;
}

class RecordPicturesTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string refusal(const std::string& records, const std::string& index = "") {
    const std::filesystem::path path = folder_.write("a.rec", records);
    std::filesystem::remove(folder_.path() / "a.idx");
    if (!index.empty()) folder_.write("a.idx", index);
    try {
      (void)read_record_list(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.message();
    }
    return "accepted";
  }

  TemporaryFolder folder_;
  const std::string good_ = part(0, image_payload({3}, "picture", 41));
};

TEST_F(RecordPicturesTest, WithoutAnIndexTheIdIsTheIndex) {
  const RecordList records =
      read_record_list(folder_.write("a.rec", good_ + part(0, image_payload({NAN}, "second", 7))));
  ASSERT_EQ(records.list.entries.size(), 2U);
  EXPECT_EQ(records.list.entries[0].index, 41);
  EXPECT_EQ(records.list.entries[0].path, "41");
  EXPECT_THAT(records.list.entries[0].labels, ElementsAre(3.0F));
  EXPECT_EQ(records.list.entries[1].line, 2);
  EXPECT_THAT(records.list.warnings, ElementsAre(HasSubstr("1 of 2 labels are missing")));
}

TEST_F(RecordPicturesTest, ARecordMayBeSplitInsideItsHeaderAndLabels) {
  // Label, id and the first of two packed labels look like the magic number.
  std::string payload = image_payload({0, 5}, "pixels");
  const uint32_t magic = kRecordMagic;
  for (const size_t at : {4, 8, 24}) std::memcpy(payload.data() + at, &magic, sizeof magic);
  const std::string split = part(1, payload.substr(0, 4)) + part(2, "") +
                            part(2, payload.substr(12, 12)) + part(3, payload.substr(28));
  const SharedPictures pictures =
      open_pictures({.list = folder_.write("a.rec", split), .folder = {}});
  ASSERT_EQ(pictures->list().label_columns, 2);
  EXPECT_EQ(pictures->list().entries[0].labels[1], 5.0F);
  const std::vector<std::byte> bytes = pictures->read(0, 100);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "pixels");
}

TEST_F(RecordPicturesTest, ManyLabelsAreRead) {
  const RecordList records = read_record_list(
      folder_.write("a.rec", part(0, image_payload(std::vector<float>(1000, 2), "x"))));
  EXPECT_EQ(records.list.label_columns, 1000);
  EXPECT_EQ(records.list.entries[0].labels[999], 2.0F);
}

TEST_F(RecordPicturesTest, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(refusal(""), HasSubstr("is empty"));
  EXPECT_THAT(refusal("short"), HasSubstr("truncated: the file ends after 5 bytes"));
  EXPECT_THAT(refusal("not a record file"), HasSubstr("expected the magic number 0xced7230a"));
  EXPECT_THAT(refusal(good_ + "rubbish!"),
              AllOf(HasSubstr("record at byte 40"), HasSubstr("expected the magic number")));
  EXPECT_THAT(refusal(good_.substr(0, 30)),
              HasSubstr("31 bytes promised at byte 0, but only 22 left"));
  EXPECT_THAT(refusal(part(2, image_payload({3}, "x"))), HasSubstr("a part of kind 2 at byte 0"));
  EXPECT_THAT(refusal(part(7, "")), HasSubstr("a part of kind 7"));
  EXPECT_THAT(refusal(part(1, image_payload({3}, "xxxx"))), HasSubstr("between the parts"));
  EXPECT_THAT(refusal(part(1, image_payload({3}, "xxxx")) + good_),
              HasSubstr("a part of kind 0 at byte 36, expected 2 or 3"));
  EXPECT_THAT(refusal(part(0, "tiny")), HasSubstr("a record of 4 bytes, expected at least the 24"));
  std::string promising = image_payload({3}, "x");
  promising[2] = 1;  // 65536 labels
  EXPECT_THAT(refusal(part(0, promising)), HasSubstr("65536 labels promised in a record of 25"));
  EXPECT_THAT(refusal(good_ + part(0, image_payload({1, 2}, "x"))),
              HasSubstr("a.rec:2: 2 labels, but the first record has 1"));
  EXPECT_THAT(refusal(part(0, image_payload({INFINITY}, "x"))), HasSubstr("not a finite number"));
}

TEST_F(RecordPicturesTest, TheIndexHasToFit) {
  EXPECT_EQ(refusal(good_, "5\t0\n"), "accepted");
  EXPECT_THAT(refusal(good_, "5\t4\n"), AllOf(HasSubstr("a.idx"), HasSubstr("at byte 4")));
  EXPECT_THAT(refusal(good_, "5\t4000\n"), HasSubstr("truncated"));
  EXPECT_THAT(refusal(good_, "5\t18446744073709551615\n"), HasSubstr("truncated"));
  EXPECT_THAT(refusal(good_, "5\t-1\n"), HasSubstr("a.idx:1: '5?-1' is no index line"));
  EXPECT_THAT(refusal(good_, "5\n"), HasSubstr("is no index line"));
  EXPECT_THAT(refusal(good_, "\n"), HasSubstr("is empty"));
}

TEST_F(RecordPicturesTest, APictureMayBeTooLarge) {
  const SharedPictures pictures =
      open_pictures({.list = folder_.write("a.rec", good_), .folder = {}});
  EXPECT_EQ(pictures->read(0, 31).size(), 7U);
  EXPECT_THROW((void)pictures->read(0, 30), Error);
  EXPECT_FALSE(pictures->missing(0));
  EXPECT_THAT(pictures->name(0), HasSubstr("a.rec, record 41"));
}

TEST_F(RecordPicturesTest, AListNamesRecordsByTheirIndex) {
  const auto records = folder_.write("a.rec", good_ + part(0, image_payload({1}, "two", 42)));
  const auto list = folder_.write("b.lst", "42\t9\tx\n");
  const SharedPictures pictures = open_pictures({.list = list, .folder = records});
  EXPECT_EQ(pictures->read(0, 100).size(), 3U);
  EXPECT_EQ(pictures->list().entries[0].labels[0], 9.0F);
  folder_.write("b.lst", "43\t9\tx\n");
  EXPECT_THROW((void)open_pictures({.list = list, .folder = records}), Error);
}

}  // namespace
}  // namespace orthrus
