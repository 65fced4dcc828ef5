#include "data/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;
using ::testing::Not;

ImageList read_text_list(const std::string& text) {
  const TemporaryFolder folder;
  return read_list(folder.write("train.lst", text));
}

std::string refusal(const std::string& text) {
  try {
    (void)read_text_list(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.message();
  }
  return "accepted";
}

TEST(ReadList, ReadsWhatIm2recWrites) {
  const ImageList list = read_text_list("7\t2.000000\ta/b.jpg\n-3\t-1.5\tc d.png\n");
  ASSERT_EQ(list.entries.size(), 2U);
  EXPECT_EQ(list.label_columns, 1);
  EXPECT_EQ(list.entries[0].index, 7);
  EXPECT_THAT(list.entries[0].labels, ElementsAre(2.0F));
  EXPECT_EQ(list.entries[0].path, "a/b.jpg");
  EXPECT_EQ(list.entries[0].line, 1);
  EXPECT_EQ(list.entries[1].index, -3);
  EXPECT_THAT(list.entries[1].labels, ElementsAre(-1.5F));
  EXPECT_EQ(list.entries[1].path, "c d.png");
  EXPECT_THAT(list.warnings, IsEmpty());
}

TEST(ReadList, ReadsSeveralLabelColumns) {
  const ImageList list = read_list(ORTHRUS_TEST_DIR "/golden/mxnet/data/multi.lst");
  EXPECT_EQ(list.label_columns, 3);
  ASSERT_EQ(list.entries.size(), 10U);
  EXPECT_THAT(list.entries[5].labels, ElementsAre(1.0F, 1.0F, 2.0F));
}

TEST(ReadList, StripsFieldsAndTakesALastLineWithoutNewline) {
  const ImageList list = read_text_list(" 0 \t +1 \t x.jpg ");
  EXPECT_THAT(list.entries[0].labels, ElementsAre(1.0F));
  EXPECT_EQ(list.entries[0].path, "x.jpg");
}

TEST(ReadList, ForgivesWindowsAndSaysSo) {
  const ImageList list = read_text_list(
      "\xEF\xBB\xBF"
      "0\t1\tx.jpg\r\n\r\n1\t1\ty.jpg\r\n");
  ASSERT_EQ(list.entries.size(), 2U);
  EXPECT_EQ(list.entries[0].index, 0);
  EXPECT_EQ(list.entries[1].path, "y.jpg");
  EXPECT_EQ(list.entries[1].line, 3);
  EXPECT_THAT(list.warnings, ElementsAre(HasSubstr("byte order mark"), HasSubstr("3 lines end"),
                                         HasSubstr("1 blank lines skipped (first: line 2)")));
}

TEST(ReadList, WarnsOfDuplicateIndexesAndKeepsBoth) {
  const ImageList list = read_text_list("5\t0\ta\n6\t0\tb\n5\t1\tc\n6\t1\td\n5\t1\te\n");
  EXPECT_EQ(list.entries.size(), 5U);
  EXPECT_THAT(
      list.warnings,
      ElementsAre(HasSubstr("3 lines repeat the index of another (first: 5 in lines 1 and 3)")));
}

TEST(ReadList, EmptyAndNanAreMissingLabels) {
  const ImageList list = read_text_list("0\tnan\t1\ta\n1\t2\t\tb\n2\tNaN\t-1\tc\n");
  EXPECT_THAT(list.entries[0].labels, ElementsAre(IsNan(), 1.0F));
  EXPECT_THAT(list.entries[1].labels, ElementsAre(2.0F, IsNan()));
  EXPECT_THAT(list.entries[2].labels, ElementsAre(IsNan(), -1.0F));
  EXPECT_THAT(list.warnings, ElementsAre(HasSubstr("3 of 6 labels are missing (first: line 1)")));
}

TEST(ReadList, FindsRepeatedIndexesHoweverFarApart) {
  const ImageList list = read_text_list("9000000000\t0\ta\n-5\t0\tb\n9000000000\t0\tc\n");
  EXPECT_THAT(list.warnings, ElementsAre(HasSubstr("9000000000 in lines 1 and 3")));
}

TEST(ReadList, SaysWhatIsWrongWithALine) {
  EXPECT_THAT(refusal("0\t1\ta\n1\tcat\tb\n"),
              HasSubstr("train.lst:2: label 'cat' is not a number"));
  EXPECT_THAT(refusal("0 1 a.jpg\n"), HasSubstr("separated by spaces"));
  EXPECT_THAT(refusal("0\ta.jpg\n"), HasSubstr("2 columns in '0?a.jpg', at least 3 expected"));
  EXPECT_THAT(refusal("a.jpg\n"), HasSubstr("1 column in"));
  EXPECT_THAT(refusal("1.5\t0\ta\n"), HasSubstr("index '1.5' is not a whole number"));
  EXPECT_THAT(refusal("0\tinf\ta\n"), HasSubstr("not a finite number"));
  EXPECT_THAT(refusal("0\t1e99\ta\n"), HasSubstr("label '1e99'"));
  EXPECT_THAT(refusal("0\t1\t \n"), HasSubstr("2 columns"));
  EXPECT_THAT(refusal("0\t1\ta\n1\t1\t2\tb\n"), HasSubstr("2 label columns, but line 1 has 1"));
  EXPECT_THAT(refusal(std::string("0\t1\ta\0b\n", 8)), HasSubstr("zero byte"));
  EXPECT_THAT(refusal(""), HasSubstr("holds no picture"));
  EXPECT_THAT(refusal("\n\n"), HasSubstr("holds no picture"));
  EXPECT_THAT(refusal(std::string("\xFF\xFE"
                                  "0\0",
                                  4)),
              HasSubstr("UTF-16"));
  EXPECT_THAT(refusal(std::string(size_t{3} << 20, 'x')), HasSubstr("line 1 is longer than"));
}

TEST(ReadList, ListsBadLinesTogetherButTenAtMost) {
  std::string text = "0\tx\ta\n1\t0\tb\n";
  EXPECT_THAT(refusal(text), HasSubstr("train.lst:1: label 'x'"));
  for (int i = 0; i < 12; ++i) text += "bad\t0\tc\n";
  const std::string message = refusal(text);
  EXPECT_THAT(message, HasSubstr("13 bad lines"));
  EXPECT_THAT(message, HasSubstr("train.lst:11: index 'bad'"));
  EXPECT_THAT(message, Not(HasSubstr("train.lst:12:")));
  EXPECT_THAT(message, HasSubstr("and 3 more"));
}

TEST(ReadList, RefusesFoldersAndMissingFiles) {
  const TemporaryFolder folder;
  EXPECT_THROW((void)read_list(folder.path()), Error);
  EXPECT_THROW((void)read_list(folder.path() / "none.lst"), Error);
}

TEST(ReadList, JoinsLinesAcrossThePiecesItReads) {
  std::string text;
  constexpr int kLines = 40000;  // about 1 MB: several pieces
  for (int i = 0; i < kLines; ++i) {
    text += std::to_string(i) + "\t" + std::to_string(i % 7) + "\timages/" + std::to_string(i) +
            ".jpg\n";
  }
  const ImageList list = read_text_list(text);
  ASSERT_EQ(list.entries.size(), static_cast<size_t>(kLines));
  for (int i = 0; i < kLines; ++i) {
    const ListEntry& entry = list.entries[static_cast<size_t>(i)];
    ASSERT_EQ(entry.index, i);
    ASSERT_EQ(entry.path, "images/" + std::to_string(i) + ".jpg");
    ASSERT_EQ(entry.line, i + 1);
  }
}

}  // namespace
}  // namespace orthrus
