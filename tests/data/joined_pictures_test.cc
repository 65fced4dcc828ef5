#include "data/joined_pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;

class JoinedPicturesTest : public ::testing::Test {
 protected:
  // A table and its pictures, each file with its own name for contents.
  SharedPictures open(const std::string& name, const std::string& text,
                      std::vector<std::string> columns = {}) {
    for (const char* picture : {"a.jpg", "b.jpg", "c.jpg"}) {
      folder_.write(name + picture, name + picture);
    }
    PictureFiles files{.list = folder_.write(name, text), .folder = folder_.path()};
    files.columns = std::move(columns);
    return open_pictures(files);
  }
  static std::string join_refusal(std::vector<SharedPictures> parts) {
    try {
      (void)join_pictures(std::move(parts));
    } catch (const Error& error) {
      return error.message() + "\n" + error.hint();
    }
    return "accepted";
  }

  // The texts of an entry's labels.
  static std::vector<std::string> cells_of(const ImageList& list, size_t entry) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < list.columns.size(); ++i) {
      const float cell = list.entries[entry].labels[i];
      cells.push_back(list.columns[i].cells.at(static_cast<size_t>(cell)));
    }
    return cells;
  }

  TemporaryFolder folder_;
};

TEST_F(JoinedPicturesTest, WhatASourceDoesNotLabelIsMissing) {
  const SharedPictures joined =
      join_pictures({open("1.csv", "path,colour,size\n1.csva.jpg,red,3\n1.csvb.jpg,blue,4\n"),
                     open("2.csv", "path,shape,size\n2.csvc.jpg,round,5\n")});
  const ImageList& list = joined->list();
  ASSERT_EQ(list.columns.size(), 3U);
  EXPECT_EQ(list.columns[0].name, "colour");
  EXPECT_THAT(list.columns[0].cells, ElementsAre("red", "blue", ""));
  EXPECT_EQ(list.columns[2].name, "shape");
  ASSERT_EQ(list.entries.size(), 3U);
  EXPECT_THAT(cells_of(list, 0), ElementsAre("red", "3", ""));
  EXPECT_THAT(cells_of(list, 1), ElementsAre("blue", "4", ""));
  EXPECT_THAT(cells_of(list, 2), ElementsAre("", "5", "round"));
}

TEST_F(JoinedPicturesTest, EachPictureComesFromItsSource) {
  const SharedPictures joined =
      join_pictures({open("1.csv", "path,k\n1.csva.jpg,0\n1.csvb.jpg,1\n"),
                     open("2.csv", "path,k\n2.csvc.jpg,0\ngone.jpg,1\n")});
  const std::vector<std::byte> bytes = joined->read(2, 100);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "2.csvc.jpg");
  EXPECT_THAT(joined->name(1), HasSubstr("1.csvb.jpg"));
  EXPECT_THAT(joined->place_in_list(0), HasSubstr("1.csv:2"));
  EXPECT_THAT(joined->place_in_list(3), HasSubstr("2.csv:3"));
  EXPECT_FALSE(joined->missing(2));
  EXPECT_TRUE(joined->missing(3));
  EXPECT_THAT(joined->list().origin.string(), HasSubstr("1.csv + "));
}

TEST_F(JoinedPicturesTest, ListsWithoutNamesAreJoinedByPlace) {
  const SharedPictures joined =
      join_pictures({open("1.lst", "0\t1\ta.jpg\n"), open("2.lst", "0\t2\t3\tb.jpg\n")});
  EXPECT_THAT(joined->list().entries[0].labels, ElementsAre(1, IsNan()));
  EXPECT_THAT(joined->list().entries[1].labels, ElementsAre(2, 3));
  EXPECT_TRUE(joined->list().columns.empty());
}

TEST_F(JoinedPicturesTest, ColumnsMayBeGivenNames) {
  const SharedPictures joined =
      join_pictures({open("1.csv", "path,colour,shape\na.jpg,2,\n"),
                     open("2.lst", "0\t1\t3\tb.jpg\n", {"shape", "colour"})});
  EXPECT_THAT(cells_of(joined->list(), 0), ElementsAre("2", ""));
  EXPECT_THAT(cells_of(joined->list(), 1), ElementsAre("3", "1"));
  EXPECT_THROW((void)open("2.lst", "0\t1\t3\tb.jpg\n", {"shape"}), Error);
}

TEST_F(JoinedPicturesTest, RefusesWhatCannotBeJoined) {
  EXPECT_THAT(join_refusal({open("1.csv", "path,k\na.jpg,1\n"), open("2.lst", "0\t1\tb.jpg\n")}),
              ::testing::AllOf(HasSubstr("2.lst' does not name its label columns"),
                               HasSubstr("columns = [")));
}

// A column of texts stays one beside a list of numbers: its readers find the mixture.
TEST_F(JoinedPicturesTest, NumbersAndTextsMeetAsTexts) {
  const SharedPictures joined =
      join_pictures({open("1.csv", "path,k\na.jpg,1.5\n"), open("3.csv", "path,k\nb.jpg,red\n"),
                     open("2.lst", "0\t2\tc.jpg\n1\t\ta.jpg\n", {"k"})});
  EXPECT_THAT(joined->list().columns[0].cells, ElementsAre("1.5", "red", "2", ""));
  EXPECT_THAT(cells_of(joined->list(), 2), ElementsAre("2"));
  EXPECT_THAT(cells_of(joined->list(), 3), ElementsAre(""));
}

}  // namespace
}  // namespace orthrus
