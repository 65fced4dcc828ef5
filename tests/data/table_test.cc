#include "data/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>

#include "base/error.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;

ImageList table_of(const std::string& text, const std::vector<LabelColumn>& expected = {}) {
  std::istringstream stream(text);
  return parse_table(stream, "t.csv", expected);
}

std::string table_refusal(const std::string& text, const std::vector<LabelColumn>& expected = {}) {
  try {
    (void)table_of(text, expected);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.message();
  }
  return "accepted";
}

std::vector<float> column(const ImageList& list, size_t at) {
  std::vector<float> values;
  for (const ListEntry entry : list.entries) values.push_back(entry.labels[at]);
  return values;
}

TEST(Table, ReadsNumbersAndTexts) {
  const ImageList list = table_of(
      "path,colour,shape,age\n"
      "a.jpg,red,round,1.5\n"
      "b.jpg,blue,,nan\n"
      "c d.jpg,green,edged,-2\n"
      "e.jpg,blue,round,0\n");
  EXPECT_EQ(list.label_columns, 3);
  ASSERT_EQ(list.columns.size(), 3U);
  EXPECT_EQ(list.columns[0].name, "colour");
  EXPECT_THAT(list.columns[0].classes, ElementsAre("blue", "green", "red"));
  EXPECT_THAT(list.columns[1].classes, ElementsAre("edged", "round"));
  EXPECT_THAT(list.columns[2].classes, IsEmpty());
  EXPECT_THAT(column(list, 0), ElementsAre(2, 0, 1, 0));
  EXPECT_THAT(column(list, 1), ElementsAre(1, IsNan(), 0, 1));
  EXPECT_THAT(column(list, 2), ElementsAre(1.5F, IsNan(), -2, 0));
  EXPECT_EQ(list.entries[2].path, "c d.jpg");
  EXPECT_EQ(list.entries[2].line, 4);
  EXPECT_EQ(list.entries[2].index, 2);
  EXPECT_THAT(list.warnings, ElementsAre(HasSubstr("2 of 12 labels are missing (first: line 3)")));
}

TEST(Table, KnowsTabsSemicolonsQuotesAndWindows) {
  EXPECT_THAT(column(table_of("image\tclass\r\na\t1\r\nb\t2\r\n"), 0), ElementsAre(1, 2));
  EXPECT_THAT(column(table_of("\xEF\xBB\xBF"
                              "File;class\na,b;1"),
                     0),
              ElementsAre(1));
  const ImageList list = table_of(
      "class,path\n"
      "\"say \"\"hi\"\", twice\",\"a,b.jpg\"\n"
      "\n"
      "\"two\nlines\" , c.jpg \n"
      "4\" nail,d.jpg\n");
  EXPECT_THAT(list.columns[0].classes, ElementsAre("4\" nail", "say \"hi\", twice", "two\nlines"));
  EXPECT_EQ(list.entries[0].path, "a,b.jpg");
  EXPECT_EQ(list.entries[1].path, "c.jpg");
  EXPECT_EQ(list.entries[1].line, 4);
  EXPECT_EQ(list.entries[2].line, 6);
}

TEST(Table, TakesTheIndexOfPandas) {
  const ImageList list = table_of(",path,class\n7,a,0\n9,b,1\n");
  EXPECT_EQ(list.label_columns, 1);
  EXPECT_EQ(list.entries[1].index, 9);
  EXPECT_THAT(table_refusal(",path\nx,a\n"), HasSubstr("t.csv:2: index 'x' is no whole number"));
}

TEST(Table, CountsClassesAsTheDataReadBefore) {
  const ImageList train = table_of("path,class\na,cat\nb,dog\nc,eel\n");
  const ImageList val = table_of("path,class\nx,eel\ny,cat\n", train.columns);
  EXPECT_THAT(column(val, 0), ElementsAre(2, 0));
  EXPECT_THAT(val.columns[0].classes, ElementsAre("cat", "dog", "eel"));
  EXPECT_THAT(table_refusal("path,class\nx,cow\n", train.columns),
              HasSubstr("t.csv:2: 'cow' in column 'class' is none of the 3 classes known"));
  EXPECT_THAT(table_refusal("path,kind\nx,cat\n", train.columns),
              HasSubstr("label column 1 is 'kind', but 'class' in the data read before"));
  EXPECT_THAT(column(table_of("path,class\nx,1\n", train.columns), 0), ElementsAre(1));
  // Columns are known by their names, whatever their order.
  const ImageList other = table_of("path,size,class\nx,big,eel\n",
                                   {{.name = "class", .classes = {"cat", "dog", "eel"}}});
  EXPECT_THAT(column(other, 1), ElementsAre(2));
  EXPECT_THAT(other.columns[0].classes, ElementsAre("big"));
  EXPECT_THAT(other.columns[1].classes, ElementsAre("cat", "dog", "eel"));
  // Names that look like numbers stay names.
  EXPECT_THAT(column(table_of("path,class\nx,10\ny,2\n", {{.classes = {"10", "2"}}}), 0),
              ElementsAre(0, 1));
}

TEST(Table, SaysWhatIsWrong) {
  EXPECT_THAT(table_refusal("colour,shape\nred,round\n"),
              HasSubstr("t.csv:1: no column is named path, file, filename, image; got: colour"));
  EXPECT_THAT(table_refusal("path,class\na,1\nb\nc,1,2\n"),
              AllOf(HasSubstr("the table 't.csv' has 2 bad lines"),
                    HasSubstr("t.csv:3: 1 fields, but the header names 2")));
  EXPECT_THAT(table_refusal("path,class\n,1\n"), HasSubstr("t.csv:2: the path is empty"));
  EXPECT_THAT(
      table_refusal("path,class\na,1\nb,cat\n"),
      HasSubstr("column 'class' mixes numbers ('1' in line 2) and texts ('cat' in line 3)"));
  EXPECT_THAT(table_refusal("path,class\na,cat\nb,inf\nc,1\n"), HasSubstr("mixes"));
  EXPECT_THAT(table_refusal("path,class\n\"a,1\nb,2\n"), HasSubstr("t.csv:2: a quote is opened"));
  EXPECT_THAT(table_refusal("path,class\n\"a\"b,1\n"), HasSubstr("text between a closing quote"));
  EXPECT_THAT(table_refusal("path,class\n"), HasSubstr("holds no picture"));
  EXPECT_THAT(table_refusal(""), HasSubstr("holds no picture"));
  EXPECT_THAT(table_refusal(std::string("path\n\0\n", 7)), HasSubstr("zero byte"));
  std::string endless = "path,class\n\"";
  for (int i = 0; i < 200; ++i) endless += "x\n";
  EXPECT_THAT(table_refusal(endless), HasSubstr("not closed"));
  std::string captions = "path,caption\n";
  for (int i = 0; i <= 100'000; ++i) captions += "a,text" + std::to_string(i) + "\n";
  EXPECT_THAT(table_refusal(captions), HasSubstr("more than 100000 different texts"));
}

TEST(Table, IsToldByItsFirstLine) {
  EXPECT_TRUE(looks_like_table("path,class"));
  EXPECT_TRUE(looks_like_table("label\tImage"));
  EXPECT_FALSE(looks_like_table("0\t1\tpath.jpg"));
  EXPECT_FALSE(looks_like_table(""));
}

}  // namespace
}  // namespace orthrus
