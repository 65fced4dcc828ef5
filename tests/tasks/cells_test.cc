#include "tasks/cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;

using Cells = std::vector<std::string>;

CellLabels classes_of(const Cells& cells, const Task& task = {.name = "t"}, size_t rows = 100) {
  return class_cells(cells, task, {.name = "c", .rows = rows});
}

std::string first_problem(const CellLabels& labels) {
  if (labels.problems.empty()) return "none";
  return labels.problems.front().text + " | " + labels.problems.front().hint;
}

TEST(ClassCells, TextsAreClassesInTheOrderOfTheirBytes) {
  const CellLabels labels = classes_of({"red", "blue", "", "green"});
  EXPECT_THAT(labels.class_names, ElementsAre("blue", "green", "red"));
  EXPECT_THAT(labels.labels, ElementsAre(2, 0, IsNan(), 1));
  EXPECT_EQ(labels.classes, 3);
}

TEST(ClassCells, NumbersFromZeroOnAreThemselves) {
  const CellLabels labels = classes_of({"2", "0", "1.0", "nan"});
  EXPECT_THAT(labels.labels, ElementsAre(2, 0, 1, IsNan()));
  EXPECT_THAT(labels.class_names, IsEmpty());
  EXPECT_EQ(labels.classes, 3);
}

TEST(ClassCells, OtherNumbersBecomeNamedClassesInTheirOrder) {
  CellLabels labels = classes_of({"10", "2", "1", "2.0"});
  EXPECT_THAT(labels.class_names, ElementsAre("1", "2", "10"));
  EXPECT_THAT(labels.labels, ElementsAre(2, 1, 0, 1));
  labels = classes_of({"0.6667", "0", "0.3333", "1"});
  EXPECT_THAT(labels.class_names, ElementsAre("0", "0.3333", "0.6667", "1"));
  EXPECT_THAT(labels.labels, ElementsAre(2, 0, 1, 3));
  labels = classes_of({"0,5", "1", "0"}, {.name = "t", .cells = {.decimal = ','}});
  EXPECT_THAT(labels.class_names, ElementsAre("0", "0,5", "1"));
  EXPECT_THAT(labels.labels, ElementsAre(1, 2, 0));
  // A gap would be a class that nothing belongs to.
  EXPECT_THAT(classes_of({"0", "1", "3"}).class_names, ElementsAre("0", "1", "3"));
  EXPECT_THAT(classes_of({"-1", "1"}).class_names, ElementsAre("-1", "1"));
}

TEST(ClassCells, NumbersFitTheClassesThatAreDeclared) {
  const Task five{.name = "t", .classes = 5};
  EXPECT_THAT(classes_of({"0", "4"}, five).labels, ElementsAre(0, 4));
  EXPECT_THAT(classes_of({"0", "4"}, five).class_names, IsEmpty());
  const CellLabels stars = classes_of({"5", "1", "2"}, five);
  EXPECT_THAT(stars.class_names, ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(stars.labels, ElementsAre(4, 0, 1));
  EXPECT_THAT(classes_of({"10", "20", "30"}, {.name = "t", .classes = 3}).labels,
              ElementsAre(0, 1, 2));
  EXPECT_THAT(first_problem(classes_of({"0", "7"}, five)),
              HasSubstr("'7' is not a class of task 't' (0 to 4)"));
}

TEST(ClassCells, WhatIsMissingIsTakenOffFirst) {
  const Task task{.name = "t", .missing = {99}, .cells = {.missing = {"NA"}}};
  const CellLabels labels = classes_of({"1", "NA", "99", "2", "99.0"}, task);
  EXPECT_THAT(labels.class_names, ElementsAre("1", "2"));
  EXPECT_THAT(labels.labels, ElementsAre(0, IsNan(), IsNan(), 1, IsNan()));
}

TEST(ClassCells, LikelyMissingTextsAreReported) {
  for (const char* text : {"NA", "n/a", "None", "null", "-", "?", "#N/A"}) {
    const CellLabels labels = classes_of({"red", text, "blue"});
    EXPECT_EQ(labels.classes, 3) << text;
    ASSERT_EQ(labels.warnings.size(), 1U) << text;
    EXPECT_THAT(labels.warnings.front(), HasSubstr(std::string("missing = [\"") + text + "\"]"));
    EXPECT_THAT(first_problem(classes_of({"1", text, "0"})),
                HasSubstr(std::string("add missing = [\"") + text + "\"]"));
  }
  EXPECT_THAT(classes_of({"red", "nought"}).warnings, IsEmpty());
}

TEST(ClassCells, CellsThatSeemToNameSeveralClassesAreReported) {
  EXPECT_THAT(classes_of({"red", "red|small", "blue"}).warnings,
              ElementsAre(HasSubstr("'red|small' is one class; if a cell names several")));
  EXPECT_THAT(classes_of({"rust, scab", "scab"}).warnings,
              ElementsAre(HasSubstr("separator = \",\"")));
  EXPECT_THAT(classes_of({"Smith, John", "Doe, Jane"}).warnings, IsEmpty());
  EXPECT_THAT(classes_of({"1", "0", "-1"}).warnings, ElementsAre(HasSubstr("-1 is a class")));
}

TEST(ClassCells, NamesThatAreKnownAreMatched) {
  const Task task{.name = "t", .classes = 3, .class_names = {"red", "green", "blue"}};
  EXPECT_THAT(classes_of({"blue", "red"}, task).labels, ElementsAre(2, 0));
  EXPECT_THAT(classes_of({"2", "0"}, task).labels, ElementsAre(2, 0));
  EXPECT_THAT(first_problem(classes_of({"blue", "1"}, task)),
              HasSubstr("'1' is not one of the 3 classes"));
  EXPECT_THAT(first_problem(classes_of({"Red"}, task)),
              HasSubstr("'Red' is not one of the 3 classes of task 't' | did you mean 'red'"));
  const Task numbers{.name = "t", .classes = 3, .class_names = {"1", "2", "10"}};
  EXPECT_THAT(classes_of({"10.0", "1"}, numbers).labels, ElementsAre(2, 0));
  EXPECT_THAT(first_problem(classes_of({"0"}, numbers)), HasSubstr("'0' is not one of the 3"));
}

TEST(ClassCells, NumbersOfManyDigitsAndLeadingZerosStayDifferent) {
  const CellLabels codes = classes_of({"254837008", "254837009", "254837105"});
  EXPECT_THAT(codes.class_names, ElementsAre("254837008", "254837009", "254837105"));
  EXPECT_THAT(codes.labels, ElementsAre(0, 1, 2));
  const Task task{.name = "t", .classes = 3, .class_names = {"007", "7", "8"}};
  EXPECT_THAT(classes_of({"007", "7", "8"}, task).labels, ElementsAre(0, 1, 2));
  EXPECT_THAT(classes_of({"1/3", "0", "2/3", "1"}).class_names,
              ElementsAre("0", "1/3", "2/3", "1"));
  EXPECT_THAT(first_problem(number_cells({"20240101"}, {.name = "t"})),
              HasSubstr("more digits than a label can hold"));
}

// What a number means is decided once, by the training data.
TEST(ClassCells, DataThatFollowDecideNothing) {
  const auto settled = [](const Cells& cells, const Task& task) {
    return class_cells(cells, task, {.name = "c", .rows = 100, .settled = true});
  };
  const Task unnamed{.name = "t", .classes = 4};
  EXPECT_THAT(settled({"1", "2"}, unnamed).labels, ElementsAre(1, 2));
  EXPECT_THAT(first_problem(settled({"1", "4"}, unnamed)), HasSubstr("'4' is not a class of task"));
  EXPECT_THAT(first_problem(settled({"10", "20", "30", "40"}, unnamed)),
              HasSubstr("is not a class"));
  EXPECT_THAT(first_problem(settled({"red"}, unnamed)),
              HasSubstr("'red' is a text, but the 4 classes of task 't' have no names"));
  EXPECT_THAT(first_problem(classes_of({"1", "2", "3"}, unnamed)),
              HasSubstr("could be numbered from 0 or from 1"));
  Task named{.name = "t", .classes = 2, .class_names = {"a", "b"}};
  EXPECT_THAT(settled({"1", "0"}, named).labels, ElementsAre(1, 0));
  named.named_cells = true;
  EXPECT_THAT(first_problem(settled({"1", "0"}, named)), HasSubstr("are known by name"));
}

TEST(ClassCells, DecimalCommasAreRecognised) {
  EXPECT_THAT(first_problem(classes_of({"36,0", "36,5"})),
              HasSubstr("a number with a decimal comma"));
}

TEST(ClassCells, HardlyClassesAreRejected) {
  Cells numbers, texts;
  for (int i = 0; i < 21; ++i) {
    numbers.push_back(std::to_string(20 + i));
    texts.push_back("p" + std::to_string(i));
  }
  EXPECT_THAT(first_problem(classes_of(numbers)),
              HasSubstr("it holds 21 different numbers, and no task says what they mean"));
  EXPECT_EQ(classes_of(numbers, {.name = "t", .classes = 60}).problems.size(), 0U);
  EXPECT_THAT(first_problem(classes_of(texts, {.name = "t"}, 30)),
              HasSubstr("it holds 21 different texts in 30 rows"));
  EXPECT_EQ(classes_of(texts, {.name = "t"}, 3000).classes, 21);
  EXPECT_EQ(classes_of(texts, {.name = "t", .classes = 21}, 30).classes, 21);
  EXPECT_THAT(first_problem(classes_of({"small", "large"},
                                       {.name = "t", .classes = 2, .kind = TaskKind::kOrdinal})),
              HasSubstr("the order of the classes of task 't' is not known"));
  EXPECT_EQ(classes_of({"3", "1", "2"}, {.name = "t", .kind = TaskKind::kOrdinal}).classes, 3);
}

TEST(ClassCells, FoldersAreTexts) {
  const CellLabels labels =
      class_cells({"1", "10", "2"}, {.name = "t"}, {.name = "class", .rows = 3, .folders = true});
  EXPECT_THAT(labels.class_names, ElementsAre("1", "10", "2"));
}

TEST(NumberCells, ReadNumbersOnly) {
  EXPECT_THAT(number_cells({"1.5", "", "-2"}, {.name = "t"}).labels,
              ElementsAre(1.5F, IsNan(), -2));
  EXPECT_THAT(first_problem(number_cells({"red"}, {.name = "t"})),
              HasSubstr("'red' is not a number"));
}

Task multilabel(const CellRule& cells = {}) {
  return {.name = "t", .kind = TaskKind::kMultilabel, .cells = cells};
}

TEST(BinaryCells, AreNumbersOrUsualWords) {
  const CellLabels labels =
      binary_cells({"1.0", "0", "", "Yes", "no", "TRUE", "absent", "nan"}, multilabel());
  EXPECT_THAT(labels.labels, ElementsAre(1, 0, IsNan(), 1, 0, 1, 0, IsNan()));
  EXPECT_THAT(first_problem(binary_cells({"2"}, multilabel())),
              HasSubstr("'2' is neither 0 nor 1"));
  EXPECT_THAT(first_problem(binary_cells({"maybe"}, multilabel())), HasSubstr("positive = [...]"));
  EXPECT_THAT(first_problem(binary_cells({"-1.0"}, multilabel())), HasSubstr("uncertain = "));
}

TEST(BinaryCells, FollowTheRulesOfTheTask) {
  const auto cells = Cells{"-1", "", "u", "1"};
  EXPECT_THAT(binary_cells(cells, multilabel({.blank = CellMeaning::kNegative,
                                              .uncertain = CellMeaning::kPositive}))
                  .labels,
              ElementsAre(1, 0, 1, 1));
  EXPECT_THAT(binary_cells(cells, multilabel({.uncertain = CellMeaning::kMissing})).labels,
              ElementsAre(IsNan(), IsNan(), IsNan(), 1));
  EXPECT_THAT(binary_cells(cells, multilabel({.uncertain = CellMeaning::kNegative})).labels,
              ElementsAre(0, IsNan(), 0, 1));
  const CellRule words{.missing = {"na"}, .positive = {"malignant", "2"}, .negative = {"benign"}};
  EXPECT_THAT(binary_cells({"malignant", "benign", "na", "2.0", "0"}, multilabel(words)).labels,
              ElementsAre(1, 0, IsNan(), 1, 0));
  EXPECT_THAT(first_problem(binary_cells({"yes"}, multilabel(words))),
              HasSubstr("'yes' is neither"));
}

TEST(TagCells, NameTheClasses) {
  const Task task = multilabel({.separator = "|"});
  const CellLabels labels = tag_cells({"red|small", "red", "", "small | red|", "green"}, task);
  EXPECT_THAT(labels.class_names, ElementsAre("green", "red", "small"));
  EXPECT_EQ(labels.width, 3U);
  EXPECT_THAT(labels.labels,
              ElementsAre(0, 1, 1, 0, 1, 0, IsNan(), IsNan(), IsNan(), 0, 1, 1, 1, 0, 0));
}

TEST(TagCells, KnowWordsForNoneAndForMissing) {
  Task task = multilabel({.missing = {"NA"},
                          .separator = ", ",
                          .blank = CellMeaning::kNegative,
                          .negative = {"No Finding"}});
  task.class_names = {"a", "b"};
  task.classes = 2;
  EXPECT_THAT(tag_cells({"a, b", "No Finding", "NA", ""}, task).labels,
              ElementsAre(1, 1, 0, 0, IsNan(), IsNan(), 0, 0));
  EXPECT_THAT(first_problem(tag_cells({"a, c"}, task)),
              HasSubstr("'c' in 'a, c' is not one of the 2 classes of task 't'"));
}

}  // namespace
}  // namespace orthrus
