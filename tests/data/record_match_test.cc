#include "data/record_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/label_agreement.h"
#include "data/list_writer.h"
#include "data/record_writer.h"
#include "data/sample_pictures.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Packed {
  int64_t key, id;
  float label;
  std::string image;
};

class RecordMatch : public ::testing::Test {
 protected:
  void write(const std::vector<Packed>& records, const std::string& prefix = "a") const {
    RecordWriter writer(folder_.path() / prefix);
    for (const Packed& record : records) {
      writer.add(record.key, image_record(static_cast<uint64_t>(record.id), {&record.label, 1},
                                          std::as_bytes(std::span(record.image))));
    }
    writer.commit();
  }

  [[nodiscard]] SharedPictures open(const std::string& list, const std::string& name = "x.lst") {
    return open_pictures({.list = folder_.write(name, list),
                          .folder = folder_.path() / "a.rec",
                          .exclude = exclude_});
  }

  [[nodiscard]] static std::string image(const Pictures& pictures, size_t position) {
    const std::vector<std::byte> bytes = pictures.read(position, 1000);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  [[nodiscard]] std::string refusal(const std::string& list, const std::string& name = "x.lst") {
    try {
      (void)open(list, name);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_NE(error.hint(), "");
      return error.message();
    }
    return "accepted";
  }

  // 30 records of three classes in turn, and a list of the same.
  void write_thirty() const {
    std::vector<Packed> records;
    for (int i = 0; i < 30; ++i) {
      records.push_back({i, i, static_cast<float>(i % 3), "image " + std::to_string(i)});
    }
    write(records);
  }
  template <typename Label>
  [[nodiscard]] static std::string thirty_lines(Label&& label) {
    std::string text;
    for (int i = 0; i < 30; ++i) text += fmt::format("{0}\t{1}\tp{0}\n", i, label(i));
    return text;
  }

  TemporaryFolder folder_;
  std::filesystem::path exclude_;
};

TEST_F(RecordMatch, LinesThatRepeatOneAnotherGetTheirImage) {
  write({{0, 0, 5, "red"}, {1, 1, 6, "green"}, {2, 2, 7, "blue"}});
  const SharedPictures pictures = open("0\t5\tr\n1\t6\tg\n0\t5\tr\n2\t7\tb\n");
  EXPECT_EQ(image(*pictures, 2), "red");
  EXPECT_EQ(image(*pictures, 3), "blue");
}

TEST_F(RecordMatch, AnIndexThatStandsForTwoImagesIsRefused) {
  write({{0, 0, 5, "red"}, {1, 1, 6, "green"}, {2, 2, 7, "blue"}});
  EXPECT_THAT(refusal("0\t5\tr\n0\t5\tg\n"),
              AllOf(HasSubstr("x.lst:2: index 0 stands for 'r' in line 1 and for 'g' here"),
                    HasSubstr("a.rec")));
  EXPECT_THAT(refusal("0\t5\tr\n0\t6\tr\n"), HasSubstr("for 'r' with other labels here"));
  EXPECT_THAT(refusal("0\t5\tr\n0\t6\tg\n0\t7\tb\n"), HasSubstr("cannot be told"));
  EXPECT_THAT(refusal("0\t5\tr\n-1\t6\tg\n"), HasSubstr("x.lst:2: index -1 is negative"));
  EXPECT_THAT(refusal("7\t5\tr\n"), HasSubstr("x.lst:1: "));
  EXPECT_EQ(refusal("0\tnan\tr\n0\tnan\tr\n"), "accepted");
}

// The .rec of such a list was numbered anew: without the line left out, index 0 would be found.
TEST_F(RecordMatch, AClashCountsEvenWhereALineIsLeftOut) {
  write({{0, 0, 1, "a"}, {1, 1, 1, "b"}, {2, 2, 1, "c"}});
  exclude_ = folder_.write("out.txt", "a\n");
  EXPECT_THAT(refusal("1\t1\ta\n1\t1\tb\n0\t1\tc\n"), HasSubstr("cannot be told"));
}

TEST_F(RecordMatch, IdsAreRightWhereKeysContradictThem) {
  // As MXNet's rec2idx counts keys.
  write({{0, 2, 1, "two"}, {1, 0, 1, "zero"}, {2, 1, 1, "one"}});
  const SharedPictures pictures = open("0\t1\tz\n1\t1\to\n2\t1\tt\n");
  EXPECT_EQ(image(*pictures, 0), "zero");
  EXPECT_EQ(image(*pictures, 2), "two");
  EXPECT_THAT(pictures->list().warnings,
              ElementsAre(AllOf(HasSubstr("a.idx: 3 of its 3 keys are not the ids"),
                                HasSubstr("first: key 0, id 2"),
                                HasSubstr("a list is matched with the ids"))));
}

TEST_F(RecordMatch, KeysAreRightWhereAllIdsAreEqual) {
  write({{4, 0, 1, "four"}, {2, 0, 1, "two"}});
  const SharedPictures pictures = open("2\t1\tt\n4\t1\tf\n");
  EXPECT_EQ(image(*pictures, 0), "two");
  EXPECT_THAT(pictures->list().warnings, IsEmpty());
  std::filesystem::remove(folder_.path() / "a.idx");
  EXPECT_THAT(refusal("0\t1\tt\n"), HasSubstr("has several records 0, which differ"));
}

TEST_F(RecordMatch, NeitherIsRightWhereIdsRepeatAndKeysContradictThem) {
  write({{0, 0, 1, "a"}, {1, 1, 1, "b"}, {2, 0, 1, "a"}, {3, 2, 1, "c"}});
  EXPECT_THAT(refusal("2\t1\tt\n"), HasSubstr("and the ids repeat"));
  // Without a list nothing is matched.
  EXPECT_EQ(open_pictures({.list = folder_.path() / "a.rec", .folder = {}})->list().entries.size(),
            4U);
  std::filesystem::remove(folder_.path() / "a.idx");
  EXPECT_EQ(image(*open("2\t1\tt\n0\t1\ts\n"), 1), "a");
}

TEST_F(RecordMatch, AnIndexThatDoesNotCoverTheRecordsIsRefused) {
  write({{0, 0, 1, "a"}, {1, 1, 1, "b"}, {2, 2, 1, "c"}});
  const std::string whole = read_text(folder_.path() / "a.idx");
  const auto with = [&](const std::string& index) {
    folder_.write("a.idx", index);
    return refusal("0\t1\tt\n");
  };
  EXPECT_THAT(with(whole.substr(0, whole.rfind("2\t"))),
              AllOf(HasSubstr("a.idx: it names 2 of the 3 records of"), HasSubstr("a.rec")));
  EXPECT_THAT(with(whole + "3\t0\n"), HasSubstr("it names the record at byte 0 of"));
  EXPECT_THAT(with(whole + "3\t4\n"), HasSubstr("a.idx: "));
  EXPECT_THAT(with(whole + "3\t4000\n"), HasSubstr("a.idx: "));
  EXPECT_EQ(with(whole), "accepted");
}

TEST_F(RecordMatch, KeysThatRepeatAreRefusedWhereIdsSayNothing) {
  write({{1, 0, 1, "a"}, {1, 0, 1, "b"}});
  EXPECT_THAT(refusal("1\t1\tt\n"), HasSubstr("key 1 is there more than once"));
}

TEST_F(RecordMatch, AnotherDatasetIsKnownByItsLabels) {
  write_thirty();
  EXPECT_EQ(refusal(thirty_lines([](int i) { return i % 3; })), "accepted");
  EXPECT_THAT(
      refusal(thirty_lines([](int i) { return i / 10; })),
      AllOf(HasSubstr("x.lst: 18 of 30 labels differ from those in"),
            HasSubstr("first: index 1 in line 2: 0 here, 1 there"), HasSubstr("another dataset")));
}

TEST_F(RecordMatch, LabelsThatWereChangedAreReported) {
  write_thirty();
  const auto warnings = [&](const std::string& list) { return open(list)->list().warnings; };
  EXPECT_THAT(warnings(thirty_lines([](int i) { return i < 4 ? 0 : i % 3; })),
              ElementsAre(HasSubstr("2 of 30 labels differ")));
  // Two classes joined, classes renumbered, a placeholder.
  EXPECT_THAT(warnings(thirty_lines([](int i) { return i % 3 == 0 ? 1 : 0; })),
              ElementsAre(HasSubstr("the list's are used")));
  EXPECT_THAT(warnings(thirty_lines([](int i) { return i % 3 + 5; })),
              ElementsAre(HasSubstr("30 of 30")));
  EXPECT_THAT(warnings(thirty_lines([](int) { return 1; })), ElementsAre(HasSubstr("20 of 30")));
  EXPECT_THAT(warnings(thirty_lines([](int) { return "nan"; })),
              ElementsAre(HasSubstr("labels are missing")));
}

TEST_F(RecordMatch, RowsWithoutAnIndexHaveToBeThoseThatWerePacked) {
  write_thirty();
  std::string same = "path,colour\n", other = same;
  for (int i = 0; i < 30; ++i) {
    same += fmt::format("p{},{}\n", i, std::string(1, static_cast<char>('x' + i % 3)));
    other += fmt::format("p{},{}\n", i, i == 7 ? 0 : i % 3);
  }
  EXPECT_EQ(refusal(same, "t.csv"), "accepted");
  EXPECT_THAT(refusal(other, "t.csv"),
              AllOf(HasSubstr("1 of 30 labels differ"), HasSubstr("no column 'index'")));
}

// Classes in blocks, as a folder per class is packed: red, green, blue by their sorted names.
TEST_F(RecordMatch, RowsThatMovedByABlockAreNoRenaming) {
  std::vector<Packed> records;
  const std::vector<std::string> names = {"blue", "green", "red"};
  for (int i = 0; i < 12; ++i) records.push_back({i, i, static_cast<float>(i / 4), "image"});
  write(records);
  const auto table = [&](int moved, int rows) {
    std::string text = "path,colour\n";
    for (int i = 0; i < rows; ++i) {
      const int from = (i + moved) % 12;
      text += fmt::format("p{},{}\n", from, names[static_cast<size_t>(from / 4)]);
    }
    return text;
  };
  EXPECT_EQ(refusal(table(0, 12), "t.csv"), "accepted");
  EXPECT_THAT(refusal(table(4, 12), "t.csv"), HasSubstr("taken by their place"));
  EXPECT_THAT(refusal(table(4, 8), "t.csv"), HasSubstr("nothing shows"));
  EXPECT_THAT(refusal(table(0, 11), "t.csv"), HasSubstr("nothing shows"));
  std::string list;
  for (int i = 0; i < 12; ++i) list += fmt::format("{0}\t{1}\tp{0}\n", i, i / 4);
  folder_.write("a.lst", list);
  EXPECT_EQ(refusal(table(0, 11), "t.csv"), "accepted");
  EXPECT_THAT(refusal(table(4, 12), "t.csv"), HasSubstr("was packed into"));
}

TEST_F(RecordMatch, RowsWithoutLabelsNeedTheListBesideTheRecords) {
  write_thirty();
  std::string table = "path,colour\n", paths;
  for (int i = 0; i < 30; ++i) {
    table += fmt::format("p{},{}\n", i, i % 3);
    paths += fmt::format("p{}\n", i);
  }
  const auto refused = [&](const std::string& text, const std::string& name) {
    try {
      (void)open_pictures({.list = folder_.write(name, text),
                           .folder = folder_.path() / "a.rec",
                           .table = {.selection = {.all = false}},
                           .labels = false});
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refused(table, "t.csv"), HasSubstr("nothing shows"));
  EXPECT_THAT(refused(paths, "p.lst"), HasSubstr("nothing shows"));
  folder_.write("a.lst", thirty_lines([](int i) { return i % 3; }));
  EXPECT_EQ(refused(table, "t.csv"), "accepted");
  EXPECT_EQ(refused(paths, "p.lst"), "accepted");
  EXPECT_NE(refused(paths.substr(3), "p.lst"), "accepted");
}

// Few labels differ where classes come in blocks; the images are wrong all the same.
TEST_F(RecordMatch, AListThatWasNumberedAnewIsRefused) {
  std::vector<Packed> records;
  for (int i = 0; i < 40; ++i) records.push_back({i, i, static_cast<float>(i / 10), "image"});
  write(records);
  const auto without = [](int left_out, int count) {
    std::string text;
    for (int i = 0, next = 0; i < 40; ++i) {
      if (i >= left_out && i < left_out + count) continue;
      text += fmt::format("{}\t{}\tp{}\n", next++, i / 10, i);
    }
    return text;
  };
  EXPECT_THAT(refusal(without(0, 1)),
              AllOf(HasSubstr("x.lst:10: from here on"), HasSubstr("index is 1 higher")));
  EXPECT_THAT(refusal(without(0, 5)), HasSubstr("5 higher"));
  EXPECT_THAT(refusal(without(15, 2)), HasSubstr("2 higher"));
  EXPECT_EQ(refusal(without(40, 0)), "accepted");
  std::string rotated, relabelled;
  for (int i = 0; i < 40; ++i) {
    rotated += fmt::format("{}\t{}\tp{}\n", i, (i + 39) % 40 / 10, (i + 39) % 40);
    relabelled += fmt::format("{0}\t{1}\tp{0}\n", i, i == 10 ? 0 : i / 10);
  }
  EXPECT_THAT(refusal(rotated), HasSubstr("1 lower"));
  EXPECT_EQ(refusal(relabelled), "accepted");
}

TEST_F(RecordMatch, TheListBesideTheRecordsKnowsEachPath) {
  write({{0, 0, 1, "a"}, {1, 1, 1, "b"}});
  folder_.write("a.lst", "0\t1\tone\n1\t1\ttwo\n");
  EXPECT_EQ(refusal("1\t1\ttwo\n"), "accepted");
  EXPECT_THAT(refusal("0\t1\ttwo\n1\t1\tone\n"),
              AllOf(HasSubstr("x.lst:2: 'one' has the index 1, but was packed into"),
                    HasSubstr("with 0 (")));
  EXPECT_THAT(open("0\t1\tthree\n1\t1\tfour\n")->list().warnings,
              ElementsAre(HasSubstr("has none of its paths")));
  EXPECT_THAT(open("0\t1\tone\n1\t1\tfour\n")->list().warnings, IsEmpty());
  folder_.write("a.lst", "no list\n");
  EXPECT_THAT(open("1\t1\tone\n")->list().warnings, ElementsAre(HasSubstr("not checked")));
}

TEST(LabelAgreement, CountsWhatBothSidesHave) {
  LabelAgreement agreement(2);
  agreement.add(0, std::vector<float>{1, NAN}, std::vector<float>{1, 4});
  agreement.add(1, std::vector<float>{1, 2}, std::vector<float>{3, NAN});
  EXPECT_EQ(agreement.compared(0), 2U);
  EXPECT_EQ(agreement.differing(0), 1U);
  EXPECT_EQ(agreement.first(0)->position, 1U);
  EXPECT_EQ(agreement.compared(1), 0U);
  EXPECT_FALSE(agreement.unrelated(0));
}

TEST(LabelAgreement, NumbersWithoutClassesAreCompared) {
  LabelAgreement same(1), other(1);
  for (int i = 0; i < 30000; ++i) {
    const float label = static_cast<float>(i) / 7, shifted = label + 1;
    same.add(static_cast<size_t>(i), {&label, 1}, {i < 100 ? &shifted : &label, 1});
    other.add(static_cast<size_t>(i), {&label, 1}, {&shifted, 1});
  }
  EXPECT_FALSE(same.unrelated(0));
  EXPECT_TRUE(other.unrelated(0));
}

}  // namespace
}  // namespace orthrus
