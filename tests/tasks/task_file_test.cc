#include "tasks/task_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace orthrus {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TaskFile : public ::testing::Test {
 protected:
  TaskFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "orthrus-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~TaskFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    write_file(folder_ / name, text);
    return folder_ / name;
  }
  std::vector<Task> read(const std::string& text) {
    return declared_tasks(read_task_file(write("tasks.toml", text)));
  }
  // "<message without the folder> | <hint>"
  std::string refusal(const std::string& text) {
    try {
      (void)read(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      std::string message = error.message();
      const std::string prefix = folder_.string() + "/";
      if (const size_t at = message.find(prefix); at != message.npos) {
        message.erase(at, prefix.size());
      }
      return message + " | " + error.hint();
    }
    return "nothing thrown";
  }

  std::filesystem::path folder_;
};

constexpr const char* kKind = R"([[task]]
name = "kind"
column = 0
classes = ["shirt", "trouser", "sandal", "sneaker"]
)";

TEST_F(TaskFile, ReadsEveryKey) {
  const std::vector<Task> tasks = read(R"([[task]]
name = "kind"
column = 2
classes = ["rose", "tulip", "daisy"]
missing = [-1, 255]
weight = 0.5
class_weights = [1, 2.5, 1]
label_smoothing = 0.1
focal = 2
head = [256, 64]
dropout = 0.3
)");
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0], (Task{.name = "kind",
                            .head = "fc_kind",
                            .classes = 3,
                            .label_column = 2,
                            .class_names = {"rose", "tulip", "daisy"},
                            .missing = {-1, 255},
                            .by_place = true,
                            .weight = 0.5,
                            .class_weights = {1, 2.5, 1},
                            .label_smoothing = 0.1,
                            .focal_gamma = 2,
                            .hidden = {256, 64},
                            .dropout = 0.3}));
}

TEST_F(TaskFile, ReadsHowCellsAreRead) {
  const std::vector<Task> tasks = read(R"([[task]]
name = "findings"
kind = "multilabel"
column = "labels"
separator = "|"
missing = ["NA", -1, 2.5, "not read"]
blank = "negative"
negative = ["No Finding"]

[[task]]
name = "marks"
kind = "multilabel"
columns = ["a", "b"]
decimal = ","
uncertain = "positive"
positive = ["ja"]
negative = ["nein"]

[[task]]
name = "grade"
kind = "ordinal"
column = "grade"
)");
  EXPECT_EQ(tasks[0].classes, 0);
  EXPECT_EQ(tasks[0].cells, (CellRule{.missing = {"NA", "not read"},
                                      .separator = "|",
                                      .blank = CellMeaning::kNegative,
                                      .negative = {"No Finding"}}));
  EXPECT_THAT(tasks[0].missing, ElementsAre(-1, 2.5F));
  EXPECT_EQ(tasks[1].cells, (CellRule{.decimal = ',',
                                      .uncertain = CellMeaning::kPositive,
                                      .positive = {"ja"},
                                      .negative = {"nein"}}));
  EXPECT_EQ(tasks[2].classes, 0);
  const std::string begin = "[[task]]\nname='a'\nkind='multilabel'\n";
  EXPECT_THAT(refusal(begin + "columns=['x','y']\nseparator='|'\n"), HasSubstr("in one cell"));
  EXPECT_THAT(refusal(begin + "column='x'\nseparator='|'\npositive=['y']\n"),
              HasSubstr("no word for 1"));
  EXPECT_THAT(refusal(begin + "columns=['x','y']\npositive=['1']\nnegative=['1']\n"),
              HasSubstr("'1' is also a word for 1"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\ncolumn=0\nclasses=2\n[[task]]\nname='b'\nfrom='a'\n"
                      "set=[1]\nmissing=[3]\n"),
              HasSubstr("missing: a derived task has no cells of its own"));
}

TEST_F(TaskFile, MayNameTheDecimalSeparatorOfAll) {
  const std::string task =
      "[[task]]\nname='a'\ncolumn='x'\n[[task]]\nname='b'\ncolumn='y'\ndecimal='.'\n";
  for (const char* begin : {"decimal = ','\n", "[table]\ndecimal = ','\n"}) {
    const std::vector<Task> tasks = read(begin + task);
    EXPECT_EQ(tasks[0].cells.decimal, ',') << begin;
    EXPECT_EQ(tasks[1].cells.decimal, '.') << begin;
  }
}

TEST_F(TaskFile, TakesClassesByNumberOrFromAFile) {
  const std::string names = write("names.txt", "rose\r\ntulip\n\ndaisy").string();
  const std::vector<Task> tasks = read(
      "[[task]]\nname = 'a'\ncolumn = 0\nclasses = 7\n[[task]]\nname = 'b'\ncolumn = 1\n"
      "classes = '" +
      names + "'\n");
  EXPECT_EQ(tasks[0].classes, 7);
  EXPECT_THAT(tasks[0].class_names, IsEmpty());
  EXPECT_THAT(tasks[1].class_names, ElementsAre("rose", "tulip", "daisy"));
}

TEST_F(TaskFile, DerivesByMapSetAndExpression) {
  const std::vector<Task> tasks = read(std::string(kKind) + R"([[task]]
name = "footwear"
from = "kind"
set = ["sandal", "sneaker"]
[[task]]
name = "part"
from = "kind"
map = { lower = ["trouser", "sandal", "sneaker"], upper = ["shirt"] }
[[task]]
name = "any"
from = "kind"
rule = "label > 0"
)");
  ASSERT_EQ(tasks.size(), 4U);
  EXPECT_EQ(tasks[1].rule, LabelRule::kSteps);
  ASSERT_EQ(tasks[1].steps.size(), 1U);
  EXPECT_THAT(tasks[1].steps[0].table,
              testing::UnorderedElementsAre(testing::Pair(0, 0), testing::Pair(1, 0),
                                            testing::Pair(2, 1), testing::Pair(3, 1)));
  EXPECT_THAT(tasks[1].class_names, ElementsAre("no", "yes"));
  EXPECT_THAT(tasks[2].class_names, ElementsAre("lower", "upper"));
  EXPECT_THAT(tasks[2].steps[0].table, ElementsAre(testing::Pair(1, 0), testing::Pair(2, 0),
                                                   testing::Pair(3, 0), testing::Pair(0, 1)));
  EXPECT_EQ(tasks[3].classes, 2);
  EXPECT_EQ(tasks[3].steps[0].expression, "label > 0");
}

TEST_F(TaskFile, AChainOfTasksReadsTheFirstOnesColumn) {
  const std::vector<Task> tasks = read(R"([[task]]
name = "last"
from = "middle"
rule = "1 - label"
[[task]]
name = "middle"
from = "first"
rule = "label >= 2"
[[task]]
name = "first"
column = 3
classes = 5
missing = -1
)");
  EXPECT_EQ(tasks[0].label_column, 3);
  EXPECT_THAT(tasks[0].missing, ElementsAre(-1));
  ASSERT_EQ(tasks[0].steps.size(), 2U);
  EXPECT_EQ(tasks[0].steps[0].expression, "label >= 2");
  EXPECT_EQ(tasks[0].steps[1].expression, "1 - label");
}

TEST_F(TaskFile, ReadsMultilabelColumns) {
  const std::vector<Task> tasks = read(R"([[task]]
name = "tags"
kind = "multilabel"
columns = ["wet", "dark"]
[[task]]
name = "marks"
kind = "multilabel"
column = 1
classes = 3
rule = "label > 0"
)");
  EXPECT_EQ(tasks[0].kind, TaskKind::kMultilabel);
  EXPECT_EQ(tasks[0].classes, 2);
  EXPECT_THAT(tasks[0].class_names, ElementsAre("wet", "dark"));
  EXPECT_THAT(tasks[0].column_names, ElementsAre("wet", "dark"));
  EXPECT_EQ(tasks[1].label_width(), 3);
  EXPECT_EQ(tasks[1].label_column, 1);
}

TEST_F(TaskFile, SetsAndMapsWorkOnValuesOfAColumnToo) {
  const std::vector<Task> tasks = read(R"([[task]]
name = "even"
column = 0
set = [0, 2, 4]
[[task]]
name = "group"
column = 0
map = { a = [10, 20], b = [30] }
)");
  EXPECT_EQ(tasks[0].steps[0].expression, "label == 0 || label == 2 || label == 4");
  EXPECT_THAT(tasks[1].steps[0].table,
              ElementsAre(testing::Pair(10, 0), testing::Pair(20, 0), testing::Pair(30, 1)));
}

TEST_F(TaskFile, NamesTheLineOfWhatIsWrong) {
  const std::string kind = kKind;
  EXPECT_EQ(refusal("x = 1\n"), "tasks.toml:1: unknown key 'x' | ");
  EXPECT_THAT(refusal("[[task]]\nname='a'\nclases = 3\n"),
              HasSubstr("tasks.toml:3: unknown key 'clases' | did you mean 'classes'?"));
  EXPECT_THAT(refusal(""), HasSubstr("holds no task"));
  EXPECT_THAT(refusal("\n[[task]]\ncolumn = 0\n"),
              HasSubstr("tasks.toml:2: [[task]]: a task without"));
  EXPECT_THAT(refusal(kind + kind),
              HasSubstr("tasks.toml:6: name: two tasks are named 'kind' (the other: "));
  EXPECT_THAT(refusal(kind + "[[task]]\nname='b'\nfrom='kinds'\nset=['shirt']\n"),
              HasSubstr("tasks.toml:7: from: there is no task 'kinds' | did you mean 'kind'?"));
  EXPECT_THAT(refusal(kind + "[[task]]\nname='b'\nfrom='kind'\nset=['shoe', 'sandle']\n"),
              HasSubstr("tasks.toml:8: set: 'shoe' is no class of 'kind'"));
  EXPECT_THAT(refusal(kind + "[[task]]\nname='b'\nfrom='kind'\nset=['sandle']\n"),
              HasSubstr("did you mean 'sandal'?"));
  EXPECT_THAT(
      refusal(kind + "[[task]]\nname='b'\nfrom='kind'\nrule='label > > 0'\n"),
      HasSubstr("tasks.toml:8: rule: cannot read the expression 'label > > 0' at character"));
  EXPECT_THAT(
      refusal(kind + "[[task]]\nname='b'\nfrom='kind'\nclasses=2\nrule='label'\n"),
      HasSubstr("'label' makes 2 of class sandal of 'kind', which is no class of 'b' (0 to 1)"));
  EXPECT_THAT(refusal("[[task]]\nname='a b'\ncolumn=0\nclasses=2\n"),
              HasSubstr("no name for a task"));
  EXPECT_THAT(
      refusal("[[task]]\nname='a'\nclasses=2\n"),
      HasSubstr("tasks.toml:1: [[task]]: the task 'a' names none of column, columns and from"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\ncolumn=0\nrule='label > 0'\n"),
              HasSubstr("does not say its classes"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\nkind='multilabel'\ncolumn='size'\n"),
              HasSubstr("does not say its classes"));
  EXPECT_THAT(
      refusal("[[task]]\nname='a'\nkind='ordinal'\ncolumn=0\nclasses=3\nclass_weights=[1,2,3]\n"),
      HasSubstr("class_weights: an ordinal task takes none"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\nkind='ordinal'\ncolumns=[0,1]\nclasses=3\n"),
              HasSubstr("a task of kind ordinal reads one column"));
  const std::string named = "[[task]]\nname='a'\ncolumn='kind'\n";
  EXPECT_THAT(refusal(named + "[[task]]\nname='b'\nfrom='a'\nset=['cat']\n"),
              AllOf(HasSubstr("tasks.toml:6: from: 'a' takes its classes from the data"),
                    HasSubstr("write the classes of 'a' too")));
  EXPECT_THAT(refusal(named + "class_weights=[1,2]\n"), HasSubstr("write the classes too"));
}

TEST_F(TaskFile, RefusesCycles) {
  EXPECT_THAT(refusal("[[task]]\nname='a'\nfrom='b'\nrule='label'\n"
                      "[[task]]\nname='b'\nfrom='a'\nrule='label'\n"),
              HasSubstr("tasks.toml:7: from: the task 'b' is derived from itself, by way of 'a'"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\nfrom='a'\nrule='label'\n"), HasSubstr("from itself"));
}

TEST_F(TaskFile, RefusesNumbersThatMakeNoSense) {
  const std::string begin = "[[task]]\nname='a'\ncolumn=0\nclasses=3\n";
  EXPECT_THAT(refusal(begin + "weight=-1\n"), HasSubstr("tasks.toml:5: weight: got '-1'"));
  EXPECT_THAT(refusal(begin + "weight=nan\n"), HasSubstr("weight: got 'nan'"));
  EXPECT_THAT(refusal(begin + "weight='label'\n"), HasSubstr("'labels'"));
  EXPECT_THAT(refusal(begin + "class_weights=[1,2]\n"), HasSubstr("2 weights for 3 classes"));
  EXPECT_THAT(refusal(begin + "class_weights=[1,-2,1]\n"), HasSubstr("-2 is negative"));
  EXPECT_THAT(refusal(begin + "class_weights='balancd'\n"), HasSubstr("did you mean 'balanced'?"));
  EXPECT_THAT(refusal(begin + "label_smoothing=1\n"), HasSubstr("label_smoothing: got '1'"));
  EXPECT_THAT(refusal(begin + "head='deep'\n"), HasSubstr("expected linear or the sizes"));
  EXPECT_THAT(refusal(begin + "blank='negative'\n"), HasSubstr("it is for multilabel tasks"));
  EXPECT_THAT(refusal(begin + "decimal=';'\n"),
              HasSubstr("decimal: got ';', expected . or a comma"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\ncolumn=0\nclasses=1\n"),
              HasSubstr("got 1, expected 2 to"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\ncolumn=-1\nclasses=2\n"), HasSubstr("column from 0 on"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\ncolumns=[0,1]\nclasses=2\n"),
              HasSubstr("a task of kind softmax reads one column"));
  EXPECT_THAT(refusal("[[task]]\nname='a'\nkind='multilabel'\ncolumns=[0,1]\nclasses=3\n"),
              HasSubstr("2 columns for 3 classes"));
}

}  // namespace
}  // namespace orthrus
