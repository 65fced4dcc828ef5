#include "data/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <string>

#include "base/error.h"
#include "data/class_folders.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> paths_of(const ImageList& list) {
  std::vector<std::string> paths;
  for (const ListEntry entry : list.entries) paths.emplace_back(entry.path);
  return paths;
}

template <typename Code>
std::string refusal_of(Code code) {
  try {
    code();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.message();
  }
  return "accepted";
}

class PicturesTest : public ::testing::Test {
 protected:
  void write_file_in(const std::string& path) const {
    std::filesystem::create_directories((folder_.path() / path).parent_path());
    folder_.write(path, "picture " + path);
  }

  TemporaryFolder folder_;
};

TEST(ListEntries, KeepLinesAcrossGapsAndFilters) {
  ListEntries entries;
  const int lines[] = {1, 2, 5, 6, 6, 0, 0, 9};
  for (const int line : lines) {
    entries.push_back({.index = line, .labels = {1.0F, 2.0F}, .path = "p", .line = line});
  }
  for (size_t i = 0; i < std::size(lines); ++i) EXPECT_EQ(entries[i].line, lines[i]) << i;
  entries.filter({true, false, true, true, false, false, true, true});
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[1].line, 5);
  EXPECT_EQ(entries[2].line, 6);
  EXPECT_EQ(entries[4].line, 9);
  EXPECT_EQ(entries[4].labels[1], 2.0F);
  entries.truncate(2);
  EXPECT_EQ(entries.size(), 2U);
  EXPECT_THROW(entries.push_back({.labels = {1}}), Error);
}

TEST_F(PicturesTest, OfAFolderPerClass) {
  for (const char* path : {"dogs/b.JPG", "dogs/a.png", "cats/deep/er/c.webp", "cats/notes.txt",
                           "cats/.hidden.jpg", ".cache/x.jpg", "loose.jpg"}) {
    write_file_in(path);
  }
  std::filesystem::create_directory(folder_.path() / "eels");
  std::filesystem::create_directory_symlink("..", folder_.path() / "cats/loop");
  const SharedPictures pictures = open_pictures({.list = folder_.path(), .folder = "elsewhere"});
  const ImageList& list = pictures->list();
  EXPECT_THAT(list.columns.at(0).classes, ElementsAre("cats", "dogs", "eels"));
  EXPECT_THAT(paths_of(list), ElementsAre("cats/deep/er/c.webp", "dogs/a.png", "dogs/b.JPG"));
  EXPECT_EQ(list.entries[0].labels[0], 0.0F);
  EXPECT_EQ(list.entries[2].labels[0], 1.0F);
  EXPECT_EQ(text_of(pictures->read(2, 100)), "picture dogs/b.JPG");
  EXPECT_THAT(list.warnings, ElementsAre(HasSubstr("2 files are no pictures of a class"),
                                         HasSubstr("of the classes eels")));
}

TEST_F(PicturesTest, ClassesOfValidationAreThoseOfTraining) {
  write_file_in("val/eels/a.jpg");
  const std::vector<LabelColumn> known = {{.name = "class", .classes = {"cats", "eels"}}};
  const SharedPictures val = open_pictures({.list = folder_.path() / "val", .folder = ""}, known);
  EXPECT_EQ(val->list().entries[0].labels[0], 1.0F);
  write_file_in("val/worms/a.jpg");
  EXPECT_THAT(refusal_of([&] { (void)list_class_folders(folder_.path() / "val", known); }),
              HasSubstr("a class 'worms', which is none of the 2 classes known"));
  EXPECT_THAT(refusal_of([&] { (void)list_class_folders(folder_.path() / "val/eels"); }),
              HasSubstr("has no sub-folders"));
  std::filesystem::create_directories(folder_.path() / "empty/cats");
  EXPECT_THAT(refusal_of([&] { (void)list_class_folders(folder_.path() / "empty"); }),
              HasSubstr("hold no picture"));
}

TEST_F(PicturesTest, NumberedFoldersAreToldToBeTexts) {
  for (const char* path : {"0/a.jpg", "2/a.jpg", "10/a.jpg"}) write_file_in(path);
  EXPECT_THAT(list_class_folders(folder_.path()).warnings,
              ElementsAre(HasSubstr("'10' is class 1")));
}

TEST_F(PicturesTest, TextIsToldByItsFirstLine) {
  write_file_in("a.jpg");
  const auto list = folder_.write("list.txt", "path,class\na.jpg,4\n");
  EXPECT_EQ(open_pictures({.list = list, .folder = folder_.path()})->list().columns.size(), 1U);
  folder_.write("list.txt", "0\t4\ta.jpg\n");
  const SharedPictures pictures = open_pictures({.list = list, .folder = folder_.path()});
  EXPECT_TRUE(pictures->list().columns.empty());
  EXPECT_EQ(pictures->place_in_list(0), list.string() + ":1");
  EXPECT_FALSE(pictures->missing(0));
  EXPECT_THAT(refusal_of([&] {
                (void)open_pictures({.list = folder_.write("x.idx", "0\t0\n"), .folder = ""});
              }),
              HasSubstr("is the index of a .rec file"));
  EXPECT_THAT(refusal_of([&] { (void)open_pictures({.list = "none.lst", .folder = ""}); }),
              HasSubstr("No such file"));
}

TEST_F(PicturesTest, ExcludedOnesAreLeftOut) {
  const auto list = folder_.write("l.lst", "0\t0\ta.jpg\n1\t0\tb.jpg\n2\t0\tc d.jpg\n");
  const auto bad = folder_.write("bad.txt", "b.jpg\ttruncated\n\nother.jpg\n");
  const SharedPictures pictures =
      open_pictures({.list = list, .folder = folder_.path(), .exclude = bad});
  EXPECT_THAT(paths_of(pictures->list()), ElementsAre("a.jpg", "c d.jpg"));
  EXPECT_EQ(pictures->list().entries[1].line, 3);
  EXPECT_THAT(pictures->list().warnings, ElementsAre(HasSubstr("1 of 3 pictures left out by")));
  EXPECT_THAT(pictures->list().warnings.front(),
              HasSubstr("; 1 of its 2 paths are not in the list (such as 'other.jpg')"));
  folder_.write("bad.txt", "a.jpg\nb.jpg\nc d.jpg\n");
  EXPECT_THAT(refusal_of([&] {
                (void)open_pictures({list, folder_.path(), bad});
              }),
              HasSubstr("leaves out every picture"));
}

TEST_F(PicturesTest, PathsMayHaveSpacesDotsAndAnyLetters) {
  write_file_in("sub folder/grün 猫.jpg");
  ImageList list;
  for (const char* path : {"sub folder/grün 猫.jpg", "sub folder/../sub folder/./grün 猫.jpg"}) {
    list.entries.push_back({.path = path});
  }
  const SharedPictures pictures = make_file_pictures(list, folder_.path());
  EXPECT_FALSE(pictures->missing(0));
  EXPECT_EQ(pictures->read(0, 100), pictures->read(1, 100));
}

TEST_F(PicturesTest, WhatIsNoPictureFileIsRefused) {
  ASSERT_EQ(::mkfifo((folder_.path() / "pipe.jpg").c_str(), 0600), 0);
  write_file_in("dir.jpg/x");
  write_file_in("large.jpg");
  std::filesystem::create_symlink("loop.jpg", folder_.path() / "loop.jpg");
  ImageList list;
  for (const char* path : {"pipe.jpg", "dir.jpg", "large.jpg", "loop.jpg", "../none.jpg"}) {
    list.entries.push_back({.path = path});
  }
  const SharedPictures pictures = make_file_pictures(list, folder_.path());
  EXPECT_THAT(refusal_of([&] { (void)pictures->read(0, 100); }), HasSubstr("not a regular file"));
  EXPECT_THAT(refusal_of([&] { (void)pictures->read(1, 100); }), HasSubstr("not a regular file"));
  EXPECT_THAT(refusal_of([&] { (void)pictures->read(2, 5); }),
              HasSubstr("has 17 bytes, more than the 5"));
  EXPECT_THAT(refusal_of([&] { (void)pictures->read(3, 5); }), HasSubstr("symbolic links"));
  EXPECT_THAT(refusal_of([&] { (void)pictures->read(4, 5); }), HasSubstr("No such file"));
}

}  // namespace
}  // namespace orthrus
