#include "data/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

#include "base/error.h"
#include "data/column_choice.h"
#include "data/sample_pictures.h"
#include "data/table_header.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;
using ::testing::Pair;

ImageList table_of(const std::string& text, const TableOptions& options = {}) {
  std::istringstream stream(text);
  return parse_table(stream, "t.csv", options);
}

std::string refusal_of_table(const std::string& text, const TableOptions& options = {}) {
  try {
    (void)table_of(text, options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.message() + " | " + error.hint();
  }
  return "accepted";
}

// The texts of a column, row by row.
std::vector<std::string> column(const ImageList& list, size_t at) {
  std::vector<std::string> texts;
  for (const ListEntry entry : list.entries) {
    texts.push_back(list.columns[at].cells.at(static_cast<size_t>(entry.labels[at])));
  }
  return texts;
}

std::vector<std::string> paths(const ImageList& list) {
  std::vector<std::string> result;
  for (const ListEntry entry : list.entries) result.emplace_back(entry.path);
  return result;
}

TEST(Table, KeepsTheTextsOfItsColumns) {
  const ImageList list = table_of(
      "path,colour,shape,age\n"
      "a.jpg,red,round,1.5\n"
      "b.jpg,blue,,nan\n"
      "c d.jpg,green,edged,-2\n"
      "e.jpg,blue,round,1.50\n");
  EXPECT_EQ(list.label_columns, 3);
  ASSERT_EQ(list.columns.size(), 3U);
  EXPECT_EQ(list.columns[0].name, "colour");
  EXPECT_TRUE(list.columns[0].is_text);
  EXPECT_THAT(list.columns[0].cells, ElementsAre("red", "blue", "green"));
  EXPECT_THAT(column(list, 0), ElementsAre("red", "blue", "green", "blue"));
  EXPECT_THAT(column(list, 1), ElementsAre("round", "", "edged", "round"));
  EXPECT_THAT(column(list, 2), ElementsAre("1.5", "nan", "-2", "1.50"));
  EXPECT_EQ(list.entries[2].path, "c d.jpg");
  EXPECT_EQ(list.entries[2].line, 4);
  EXPECT_EQ(list.entries[2].index, 2);
}

TEST(Table, ReadsTheColumnsThatAreSelected) {
  const std::string text = "path,id,colour,note\na,p1,red,x\nb,p2,blue,7\n";
  const ImageList by_name =
      table_of(text, {.selection = {.all = false, .names = {"colour", "gone"}}});
  EXPECT_EQ(by_name.label_columns, 3);
  EXPECT_FALSE(by_name.columns[0].is_text);
  EXPECT_THAT(by_name.columns[0].cells, IsEmpty());
  EXPECT_THAT(by_name.entries[0].labels[0], IsNan());
  EXPECT_THAT(column(by_name, 1), ElementsAre("red", "blue"));
  const ImageList by_place = table_of(text, {.selection = {.all = false, .places = {2}}});
  EXPECT_THAT(column(by_place, 2), ElementsAre("x", "7"));
  // A column of unlike texts that nobody reads is no reason to stop.
  EXPECT_FALSE(by_place.columns[0].is_text);
}

TEST(Table, KnowsTabsSemicolonsQuotesAndWindows) {
  EXPECT_THAT(column(table_of("image\tclass\r\na\t1\r\nb\t2\r\n"), 0), ElementsAre("1", "2"));
  EXPECT_THAT(column(table_of("\xEF\xBB\xBF"
                              "File;class\na,b;1"),
                     0),
              ElementsAre("1"));
  EXPECT_THAT(column(table_of("path|class\na|red\n"), 0), ElementsAre("red"));
  // A comma in a name does not hide the semicolons.
  EXPECT_THAT(column(table_of("path;size, in cm\na;3\n"), 0), ElementsAre("3"));
  const ImageList list = table_of(
      "class,path\n"
      "\"say \"\"hi\"\", twice\",\"a,b.jpg\"\n"
      "\n"
      "\"two\nlines\" , c.jpg \n"
      "4\" nail,d.jpg\n");
  EXPECT_THAT(list.columns[0].cells, ElementsAre("say \"hi\", twice", "two\nlines", "4\" nail"));
  EXPECT_THAT(paths(list), ElementsAre("a,b.jpg", "c.jpg", "d.jpg"));
  EXPECT_EQ(list.entries[1].line, 4);
  EXPECT_EQ(list.entries[2].line, 6);
}

TEST(Table, TakesWhatSpreadsheetsWrite) {
  for (const char* first : {"sep=;\r\n", "\"sep=;\"\r\n", "\xEF\xBB\xBFsep=;\r\n"}) {
    const ImageList list = table_of(std::string(first) + "path;kind\r\na.png;red\r\n");
    EXPECT_THAT(column(list, 0), ElementsAre("red")) << first;
    EXPECT_EQ(list.entries[0].line, 3) << first;
  }
  EXPECT_THAT(column(table_of("sep=\t\npath\tkind\na\tx\n"), 0), ElementsAre("x"));
  // A separator at the end of each line, of the header alone, or of the rows alone; empty rows.
  for (const char* text : {"path,kind,\na,x,\nb,y,\n", "path,kind,\na,x\nb,y\n",
                           "path,kind\na,x,\nb,y,,\n", "path,kind\na,x\n,\n ,,\nb,y\n"}) {
    const ImageList list = table_of(text);
    EXPECT_EQ(list.label_columns, 1) << text;
    EXPECT_THAT(column(list, 0), ElementsAre("x", "y")) << text;
  }
  EXPECT_THAT(table_of("path,kind\na,x\n,\n").warnings,
              ElementsAre(HasSubstr("1 row without any text skipped (first: line 3)")));
  EXPECT_THAT(refusal_of_table("path,kind,\na,x,dark\n"),
              HasSubstr("t.csv:2: 3 fields, but the header names 2"));
  EXPECT_THAT(refusal_of_table("path,,kind\na,dark,x\n"),
              HasSubstr("t.csv:2: 'dark' stands in a column without a name"));
  const ImageList windows = table_of("path,kind\nred\\a.png,x\nsub/a\\b.png,y\n");
  EXPECT_THAT(paths(windows), ElementsAre("red/a.png", "sub/a\\b.png"));
  EXPECT_THAT(windows.warnings, ElementsAre(HasSubstr("backslashes in 1 path are read")));
}

TEST(Table, MayHaveDecimalCommas) {
  EXPECT_THAT(column(table_of("path;x\na;0,5\nb;1\nc;a,b\n", {.decimal = ','}), 0),
              ElementsAre("0.5", "1", "a,b"));
}

TEST(Table, TakesTheIndexOfPandas) {
  const ImageList list = table_of(",path,class\n7,a,0\n9,b,1\n");
  EXPECT_EQ(list.label_columns, 1);
  EXPECT_EQ(list.entries[1].index, 9);
  EXPECT_THAT(refusal_of_table(",path\nx,a\n"), HasSubstr("t.csv:2: index 'x' is not a whole"));
  // Written twice, it has a name that nobody gave.
  const ImageList twice = table_of("Unnamed: 0,path,kind\n0,a,x\n");
  EXPECT_THAT(candidate_names(twice.columns), ElementsAre("kind"));
}

TEST(Table, FindsThePathByItsUsualNames) {
  for (const char* name : {"path", "File", "image", "image_path", "filepath", "file_path",
                           "Image Path", "img", "image_id", "file name", "Image Index"}) {
    const ImageList list = table_of(std::string("age,") + name + ",kind\n3,a.png,x\n");
    EXPECT_THAT(paths(list), ElementsAre("a.png")) << name;
    EXPECT_THAT(candidate_names(list.columns), ElementsAre("age", "kind")) << name;
  }
  // The plainest of several; the others are hardly labels.
  const ImageList several = table_of("image_id,path,filename,kind\n1,a,b,x\n");
  EXPECT_THAT(paths(several), ElementsAre("a"));
  EXPECT_THAT(candidate_names(several.columns), ElementsAre("kind"));
  EXPECT_THAT(paths(table_of("where,path,kind\nb,a,x\n", {.path_column = "where"})),
              ElementsAre("b"));
  EXPECT_THAT(paths(table_of("where;kind\nb;x\n", {.path_column = "where"})), ElementsAre("b"));
  EXPECT_THAT(refusal_of_table("wher,kind\na,x\n", {.path_column = "where"}),
              AllOf(HasSubstr("no column is named 'where'"), HasSubstr("did you mean 'wher'")));
}

TEST(Table, ReadsTheRowsOfASplit) {
  const std::string text = "path,Split,kind\na,train,x\nb,VAL,y\nc,Train,z\nd,test,x\n";
  TableOptions options{.split_column = "Split", .splits = {"train"}};
  EXPECT_THAT(paths(table_of(text, options)), ElementsAre("a", "c"));
  EXPECT_THAT(candidate_names(table_of(text, options).columns), ElementsAre("kind"));
  options.splits = {"val", "dev"};
  EXPECT_THAT(paths(table_of(text, options)), ElementsAre("b"));
  options.splits = {"dev"};
  EXPECT_THAT(refusal_of_table(text, options), HasSubstr("no image whose 'Split' is dev"));
  TemporaryFolder folder;
  const auto path = folder.write("t.csv", text);
  EXPECT_THAT(count_splits(path, {.split_column = "Split"}),
              ElementsAre(Pair("train", 2), Pair("val", 1), Pair("test", 1)));
}

TEST(Table, SaysWhatIsWrong) {
  EXPECT_THAT(refusal_of_table("colour,shape\nred,round\n"),
              AllOf(HasSubstr("t.csv:1: no column holds the paths by its name"),
                    HasSubstr("got: colour, shape"), HasSubstr("--path-column")));
  EXPECT_THAT(refusal_of_table("path,class\na,1\nb\nc,1,2\n"),
              AllOf(HasSubstr("the table 't.csv' has 2 bad lines"),
                    HasSubstr("t.csv:3: 1 field, but the header names 2")));
  EXPECT_THAT(refusal_of_table("path,class\n,1\n"), HasSubstr("t.csv:2: the path is empty"));
  EXPECT_THAT(refusal_of_table("path,class\n\"a,1\nb,2\n"),
              HasSubstr("t.csv:2: a quote is opened"));
  EXPECT_THAT(refusal_of_table("path,class\n\"a\"b,1\n"),
              HasSubstr("text between a closing quote"));
  EXPECT_THAT(refusal_of_table("path,class\n"), HasSubstr("holds no image"));
  EXPECT_THAT(refusal_of_table(""), HasSubstr("holds no image"));
  EXPECT_THAT(refusal_of_table(std::string("path\n\0\n", 7)), HasSubstr("zero byte"));
  std::string endless = "path,class\n\"";
  for (int i = 0; i < 200; ++i) endless += "x\n";
  EXPECT_THAT(refusal_of_table(endless), HasSubstr("not closed"));
  std::string captions = "path,caption\n";
  for (int i = 0; i <= 1'000'000; ++i) captions += "a,t" + std::to_string(i) + "\n";
  EXPECT_THAT(refusal_of_table(captions), HasSubstr("more than 1000000 different texts"));
}

TEST(Table, IsToldByItsFirstLine) {
  EXPECT_TRUE(looks_like_table("path,class"));
  EXPECT_TRUE(looks_like_table("label\tImage"));
  EXPECT_TRUE(looks_like_table("sep=;"));
  EXPECT_FALSE(looks_like_table("0\t1\tpath.jpg"));
  EXPECT_FALSE(looks_like_table("0\t1\timage"));
  EXPECT_FALSE(looks_like_table(""));
}

std::string chosen(const std::vector<std::string>& names,
                   const std::vector<std::string>& asked = {}) {
  std::vector<LabelColumn> columns;
  for (const std::string& name : names) columns.push_back({.name = name});
  try {
    std::string text;
    for (const size_t place : choose_label_columns(columns, asked, "t.csv"))
      text += names[place] + ' ';
    return text;
  } catch (const Error& error) {
    return error.message() + " | " + error.hint();
  }
}

TEST(ColumnChoice, IsNeverAGuess) {
  EXPECT_EQ(chosen({"colour"}), "colour ");
  EXPECT_EQ(chosen({"patient", "label"}), "label ");
  EXPECT_EQ(chosen({"id", "Category", "age"}), "Category ");
  EXPECT_EQ(chosen({"y", "x"}), "y ");
  EXPECT_EQ(chosen({"a", "b"}, {"b", "a"}), "b a ");
  EXPECT_THAT(chosen({"a", "b"}),
              AllOf(HasSubstr("t.csv: which column is the label? Its columns: a, b"),
                    HasSubstr("--label-column")));
  EXPECT_THAT(chosen({"label", "class", "age"}), HasSubstr("which column is the label?"));
  EXPECT_THAT(chosen({}), HasSubstr("no column holds labels"));
  EXPECT_THAT(chosen({"colour"}, {"color"}),
              AllOf(HasSubstr("no label column 'color'"), HasSubstr("did you mean 'colour'")));
}

}  // namespace
}  // namespace orthrus
