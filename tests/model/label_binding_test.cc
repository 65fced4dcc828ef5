#include "model/label_binding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/label_check.h"
#include "model/label_counts.h"
#include "model/label_summary.h"
#include "model/labelled_data.h"
#include "tasks/label_reader.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;

class LabelBindingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "labels-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  PictureFiles file(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return {.list = folder_ / name, .folder = folder_};
  }

  // The labels of a single-label task, row by row; NaN where missing.
  static std::vector<float> labels_of(const Pictures& pictures, const Task& task,
                                      size_t number = 0) {
    const LabelReader reader(task);
    std::vector<float> result;
    const auto width = static_cast<size_t>(task.label_width());
    std::vector<float> labels(width), present(width);
    for (const ListEntry entry : pictures.list().entries) {
      reader.read(entry.labels, labels, present);
      result.push_back(present[number] == 1 ? labels[number] : std::nanf(""));
    }
    return result;
  }

  std::string refusal_of(const PictureFiles& files, std::vector<Task> tasks,
                         const BindingOptions& options = {}) {
    try {
      (void)open_labelled(files, tasks, options);
    } catch (const Error& error) {
      return error.message() + " | " + error.hint();
    }
    return "accepted";
  }

  std::filesystem::path folder_;
};

Task colour_task() {
  return {.name = "colour", .head = "fc", .column_names = {"colour"}};
}

TEST_F(LabelBindingTest, ColumnsAreFoundByTheirNames) {
  std::vector<Task> tasks = {colour_task(), {.name = "size", .column_names = {"size"}}};
  LabelledData train =
      open_labelled(file("train.csv", "path,colour,size\na,red,3\nb,blue,1\nc,red,2\n"), tasks);
  EXPECT_THAT(tasks[0].class_names, ElementsAre("blue", "red"));
  EXPECT_THAT(tasks[1].class_names, ElementsAre("1", "2", "3"));
  EXPECT_THAT(labels_of(*train.pictures, tasks[0]), ElementsAre(1, 0, 1));
  EXPECT_THAT(labels_of(*train.pictures, tasks[1]), ElementsAre(2, 0, 1));
  // In another order, among others that nobody reads and that mix numbers and texts.
  std::vector<Task> again = tasks;
  LabelledData val = open_labelled(
      file("val.csv", "note,size,path,camera,colour\nx,2.0,a,7,blue\n5,3,b,7,red\n"), again);
  EXPECT_THAT(labels_of(*val.pictures, again[0]), ElementsAre(0, 1));
  EXPECT_THAT(labels_of(*val.pictures, again[1]), ElementsAre(1, 2));
  move_labels(*val.pictures, again, tasks, train.pictures->list().label_columns);
  EXPECT_THAT(labels_of(*val.pictures, tasks[0]), ElementsAre(0, 1));
  EXPECT_THAT(labels_of(*val.pictures, tasks[1]), ElementsAre(1, 2));
  EXPECT_THAT(refusal_of(file("new.csv", "path,size,colour\na,1,green\nb,9,red\n"), tasks),
              AllOf(HasSubstr("new.csv:2: column 'colour': 'green' is not one of the 2 classes"),
                    HasSubstr("new.csv:3: column 'size': '9' is not one of the 3 classes")));
}

TEST_F(LabelBindingTest, ATaskWithoutANameReadsTheColumnThatCanBeMeant) {
  std::vector<Task> tasks = {{.name = "softmax", .head = "fc", .classes = 2}};
  (void)open_labelled(file("one.csv", "path,kind\na,1\nb,0\n"), tasks);
  EXPECT_THAT(tasks[0].column_names, ElementsAre("kind"));
  tasks = {{.name = "softmax", .head = "fc"}};
  (void)open_labelled(file("label.csv", "id,path,label\n3,a,x\n4,b,y\n"), tasks);
  EXPECT_THAT(tasks[0].column_names, ElementsAre("label"));
  const PictureFiles two = file("two.csv", "path,a,b\nx,0,1\ny,1,0\n");
  EXPECT_THAT(refusal_of(two, {{.name = "softmax", .classes = 2}}),
              HasSubstr("which column is the label? Its columns: a, b"));
  tasks = {{.name = "softmax", .classes = 2}};
  LabelledData data = open_labelled(two, tasks, {.columns = {"b"}});
  EXPECT_THAT(labels_of(*data.pictures, tasks[0]), ElementsAre(1, 0));
  // By number where its author gave one, and for several columns.
  tasks = {{.name = "t", .classes = 2, .label_column = 1, .by_place = true}};
  data = open_labelled(two, tasks);
  EXPECT_THAT(tasks[0].column_names, ElementsAre("b"));
  EXPECT_THAT(labels_of(*data.pictures, tasks[0]), ElementsAre(1, 0));
  tasks = {{.name = "t", .classes = 2}, {.name = "u", .classes = 2, .label_column = 1}};
  data = open_labelled(two, tasks);
  EXPECT_THAT(labels_of(*data.pictures, tasks[0]), ElementsAre(0, 1));
  EXPECT_THAT(labels_of(*data.pictures, tasks[1]), ElementsAre(1, 0));
}

TEST_F(LabelBindingTest, ColumnsThatAreNotThereAreNamedOrLeftOut) {
  std::vector<Task> tasks = {colour_task(),
                             {.name = "size", .classes = 2, .column_names = {"size"}}};
  tasks[0].class_names = {"blue", "red"};
  tasks[0].classes = 2;
  const PictureFiles one = file("one.csv", "path,colour\na,red\nb,blue\n");
  EXPECT_THAT(refusal_of(one, tasks),
              AllOf(HasSubstr("task 'size' reads the column 'size', which '"),
                    HasSubstr("its columns are: colour")));
  const LabelledData data = open_labelled(one, tasks, {.may_lack_columns = true});
  EXPECT_THAT(data.binding.absent, ElementsAre(1));
  EXPECT_THAT(labels_of(*data.pictures, tasks[0]), ElementsAre(1, 0));
  EXPECT_THAT(labels_of(*data.pictures, tasks[1]), ElementsAre(IsNan(), IsNan()));
  EXPECT_THAT(refusal_of(file("none.csv", "path,age\na,1\n"), tasks, {.may_lack_columns = true}),
              HasSubstr("reads the column 'colour'"));
  EXPECT_THAT(refusal_of(file("t.csv", "path,colr\na,red\n"), {colour_task()}),
              HasSubstr("did you mean 'colr'?; --label-column names another one"));
}

TEST_F(LabelBindingTest, DerivedTasksReadTheClassesOfTheirSource) {
  std::vector<Task> tasks = {{.name = "kind",
                              .classes = 3,
                              .class_names = {"cat", "dog", "eel"},
                              .column_names = {"kind"}},
                             {.name = "swims",
                              .classes = 2,
                              .rule = LabelRule::kSteps,
                              .column_names = {"kind"},
                              .from = "kind",
                              .steps = {{.expression = "label == 2"}}},
                             {.name = "grade", .column_names = {"grade"}},
                             {.name = "good",
                              .classes = 2,
                              .rule = LabelRule::kSteps,
                              .column_names = {"grade"},
                              .steps = {{.expression = "label > 3"}}}};
  const LabelledData data =
      open_labelled(file("t.csv", "path,kind,grade\na,eel,5\nb,cat,3\nc,dog,4\n"), tasks);
  EXPECT_THAT(labels_of(*data.pictures, tasks[1]), ElementsAre(1, 0, 0));
  // A rule on a column sees its numbers, not the classes that another task makes of them.
  EXPECT_THAT(tasks[2].class_names, ElementsAre("3", "4", "5"));
  EXPECT_THAT(labels_of(*data.pictures, tasks[2]), ElementsAre(2, 0, 1));
  EXPECT_THAT(labels_of(*data.pictures, tasks[3]), ElementsAre(1, 0, 1));
}

TEST_F(LabelBindingTest, MultilabelTasksReadWordsNumbersAndTags) {
  std::vector<Task> tasks = {{.name = "marks",
                              .classes = 2,
                              .kind = TaskKind::kMultilabel,
                              .column_names = {"spots", "stripes"},
                              .cells = {.uncertain = CellMeaning::kMissing}},
                             {.name = "tags",
                              .kind = TaskKind::kMultilabel,
                              .column_names = {"tags"},
                              .cells = {.separator = ";"}}};
  const LabelledData data = open_labelled(
      file("t.csv", "path,stripes,tags,spots\na,yes,x;y,1.0\nb,no,y,-1\nc,,,0\n"), tasks);
  EXPECT_THAT(labels_of(*data.pictures, tasks[0], 0), ElementsAre(1, IsNan(), 0));
  EXPECT_THAT(labels_of(*data.pictures, tasks[0], 1), ElementsAre(1, 0, IsNan()));
  EXPECT_THAT(tasks[1].class_names, ElementsAre("x", "y"));
  EXPECT_THAT(labels_of(*data.pictures, tasks[1], 0), ElementsAre(1, 0, IsNan()));
  EXPECT_THAT(labels_of(*data.pictures, tasks[1], 1), ElementsAre(1, 1, IsNan()));
}

TEST_F(LabelBindingTest, ListsOfNumbersStayAsTheyAre) {
  const PictureFiles list = file("t.lst", "0\t1\t0\ta\n1\t0\t-1\tb\n2\t\t1\tc\n");
  std::vector<Task> tasks = {{.name = "a", .classes = 2, .label_column = 1, .missing = {-1}},
                             {.name = "b"}};
  const LabelledData data = open_labelled(list, tasks);
  EXPECT_THAT(tasks[0].positions, IsEmpty());
  EXPECT_THAT(labels_of(*data.pictures, tasks[0]), ElementsAre(0, IsNan(), 1));
  EXPECT_EQ(tasks[1].classes, 2);
  EXPECT_THAT(refusal_of(list, {colour_task()}), HasSubstr("have no names"));
  EXPECT_THAT(refusal_of(list, {{.name = "b"}}, {.columns = {"x"}}),
              HasSubstr("does not name its columns"));
  // One column and one name fit.
  tasks = {colour_task()};
  const LabelledData one = open_labelled(file("one.lst", "0\t1\ta\n1\t0\tb\n"), tasks);
  EXPECT_THAT(labels_of(*one.pictures, tasks[0]), ElementsAre(1, 0));
}

TEST_F(LabelBindingTest, AListOfNumbersFitsClassesThatAreKnownByName) {
  std::vector<Task> tasks = {{.name = "stars", .column_names = {"stars"}}};
  (void)open_labelled(file("t.csv", "path,stars\na,1\nb,2\nc,3\n"), tasks);
  EXPECT_TRUE(tasks[0].named_cells);
  const BindingOptions settled{.settled = true};
  // The names, the numbers from 0, or what could be both.
  std::vector<Task> own = tasks;
  LabelledData list = open_labelled(file("t.lst", "0\t1\ta\n1\t3\tb\n"), own, settled);
  EXPECT_THAT(labels_of(*list.pictures, own[0]), ElementsAre(0, 2));
  own = tasks;
  list = open_labelled(file("t.lst", "0\t0\ta\n1\t2\tb\n"), own, settled);
  EXPECT_THAT(labels_of(*list.pictures, own[0]), ElementsAre(0, 2));
  EXPECT_THAT(refusal_of(file("t.lst", "0\t1\ta\n1\t2\tb\n"), tasks, settled),
              HasSubstr("could be the names of the classes of task 'stars' (1, 2, 3) or their"));
  tasks = {colour_task()};
  (void)open_labelled(file("t.csv", "path,colour\na,red\nb,blue\n"), tasks);
  const LabelledData numbers = open_labelled(file("t.lst", "0\t1\ta\n"), tasks, settled);
  EXPECT_THAT(numbers.binding.warnings, ElementsAre(HasSubstr("0 is blue, 1 is red")));
}

TEST_F(LabelBindingTest, WhatIsDerivedFromNumbersOfClassesIsRejected) {
  const PictureFiles stars = file("t.csv", "path,stars\na,1\nb,5\nc,3\n");
  std::vector<Task> tasks = {{.name = "stars", .column_names = {"stars"}},
                             {.name = "good",
                              .classes = 2,
                              .rule = LabelRule::kSteps,
                              .column_names = {"stars"},
                              .from = "stars",
                              .steps = {{.expression = "label >= 4"}}}};
  EXPECT_THAT(refusal_of(stars, tasks), HasSubstr("task 'good' is derived from their places"));
  tasks[1].from.clear();
  LabelledData data = open_labelled(stars, tasks);
  EXPECT_THAT(labels_of(*data.pictures, tasks[1]), ElementsAre(0, 1, 0));
}

TEST_F(LabelBindingTest, ClassesOfAListAreCountedWhereTheyCanBe) {
  const auto count = [&](const std::string& text) {
    std::vector<Task> tasks = {{.name = "softmax"}};
    (void)open_labelled(file("t.lst", text), tasks);
    return tasks[0].classes;
  };
  EXPECT_EQ(count("0\t1\ta\n1\t3\tb\n"), 4);
  EXPECT_THAT(refusal_of(file("t.lst", "0\t0\ta\n1\t0\tb\n"), {{.name = "s"}}),
              AllOf(HasSubstr("images of one class only"), HasSubstr("--num-classes N")));
  EXPECT_THAT(refusal_of(file("t.lst", "0\t0.5\ta\n"), {{.name = "s"}}), HasSubstr("such as 0.5"));
  std::string ages;
  for (int i = 0; i < 30; ++i) ages += fmt::format("{}\t{}\ta\n", i, 100 + 7 * i);
  EXPECT_THAT(refusal_of(file("t.lst", ages), {{.name = "s"}}),
              HasSubstr("30 different ones up to 303"));
}

TEST_F(LabelBindingTest, LabelsThatCountFromOneAreRecognised) {
  const auto hint = [&](const std::string& text) {
    return refusal_of(file("t.lst", text), {{.name = "s", .classes = 3}});
  };
  EXPECT_THAT(hint("0\t1\ta\n1\t2\tb\n2\t3\tc\n"),
              AllOf(HasSubstr("t.lst:3: label 3 in column 1 is not a class of task 's' (0 to 2)"),
                    HasSubstr("the labels of task 's' seem to count from 1")));
  EXPECT_THAT(hint("0\t0\ta\n1\t3\tb\n"), HasSubstr("labels count from 0; check"));
}

TEST_F(LabelBindingTest, ValidationMayBeOfAnotherKindThanTraining) {
  std::vector<Task> tasks = {{.name = "softmax", .missing = {9}}};
  const LabelledData train =
      open_labelled(file("t.lst", "0\t1\t5\ta\n1\t0\t6\tb\n2\t9\t6\tc\n"), tasks);
  EXPECT_EQ(tasks[0].classes, 2);
  std::vector<Task> own = tasks;
  const LabelledData val = open_labelled(file("v.csv", "path,label\na,0\nb,1\nc,\nd,9\n"), own);
  move_labels(*val.pictures, own, tasks, 2);
  EXPECT_THAT(labels_of(*val.pictures, tasks[0]), ElementsAre(0, 1, IsNan(), IsNan()));
  // And the other way round.
  std::vector<Task> table_tasks = {{.name = "t", .classes = 2, .missing = {9}}};
  (void)open_labelled(file("t.csv", "path,label\na,0\nb,1\n"), table_tasks);
  own = table_tasks;
  const LabelledData list = open_labelled(file("v.lst", "0\t1\ta\n1\t9\tb\n"), own);
  move_labels(*list.pictures, own, table_tasks, 1);
  EXPECT_THAT(labels_of(*list.pictures, table_tasks[0]), ElementsAre(1, IsNan()));
}

TEST_F(LabelBindingTest, FoldersAreClasses) {
  for (const char* path : {"d/blue/a.jpg", "d/red/b.jpg"}) (void)file(path, "");
  const PictureFiles folders{.list = folder_ / "d", .folder = ""};
  std::vector<Task> tasks = {{.name = "class", .head = "fc"}};
  (void)open_labelled(folders, tasks);
  EXPECT_THAT(tasks[0].class_names, ElementsAre("blue", "red"));
  EXPECT_THAT(tasks[0].column_names, IsEmpty());
  // A model's only column, whatever it is called, or the one with these classes.
  tasks = {colour_task()};
  tasks[0].class_names = {"red", "green", "blue"};
  tasks[0].classes = 3;
  const LabelledData data = open_labelled(folders, tasks);
  EXPECT_THAT(labels_of(*data.pictures, tasks[0]), ElementsAre(2, 0));
  tasks.push_back({.name = "size", .classes = 2, .column_names = {"size"}});
  const LabelledData both = open_labelled(folders, tasks, {.may_lack_columns = true});
  EXPECT_THAT(both.binding.absent, ElementsAre(1));
  (void)file("d/mauve/c.jpg", "");
  EXPECT_THAT(refusal_of(folders, {tasks[0]}, {.unknown_class_hint = "start new heads"}),
              AllOf(HasSubstr("folder 'mauve' is not one of the 3 classes of task 'colour'"),
                    HasSubstr("start new heads")));
}

TEST_F(LabelBindingTest, TheSummaryNamesColumnsClassesAndImages) {
  std::vector<Task> tasks = {colour_task()};
  const LabelledData data =
      open_labelled(file("t.csv", "path,colour\na,red\nb,blue\nc,red\nd,\n"), tasks);
  EXPECT_THAT(data.binding.warnings,
              ElementsAre(HasSubstr("1 of 4 labels are missing (first: line 5)")));
  const ImageList& list = data.pictures->list();
  EXPECT_THAT(label_summary(list, tasks, count_labels(list, tasks)),
              ElementsAre(AllOf(HasSubstr("task 'colour': column 'colour' of "),
                                HasSubstr("t.csv, 2 classes: blue 1, red 2; 1 label missing"))));
}

TEST_F(LabelBindingTest, EveryColumnByItselfForLists) {
  const PictureFiles table = file("t.csv", "path,kind,age\na,x,30\nb,y,41\n");
  const LabelledData data = open_all_columns(table, {});
  EXPECT_THAT(data.pictures->list().entries[1].labels, ElementsAre(1, 41));
  EXPECT_THAT(data.pictures->list().columns[0].classes, ElementsAre("x", "y"));
  const PictureFiles mixed = file("m.csv", "path,note,kind\na,12,x\nb,see,y\n");
  EXPECT_THROW((void)open_all_columns(mixed, {}), Error);
  EXPECT_THAT(open_all_columns(mixed, {.columns = {"kind"}}).pictures->list().entries[0].labels,
              ElementsAre(0));
  EXPECT_THAT(open_all_columns(mixed, {.allow_mixtures = true}).binding.warnings,
              ElementsAre(HasSubstr("column 'note' mixes numbers and texts")));
  // Classes of another list keep their numbers.
  EXPECT_THAT(
      open_all_columns(table, {.columns = {"kind"}, .known = {{.name = "kind", .classes = {"y"}}}})
          .pictures->list()
          .entries[0]
          .labels,
      ElementsAre(1));
}

}  // namespace
}  // namespace orthrus
