#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_matcher.h"
#include "base/file.h"
#include "base/options_parse.h"
#include "base/options_sample.h"
#include "base/options_text.h"
#include "base/temporary_folder.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class OptionFileTest : public ::testing::Test {
 protected:
  std::string write(const std::string& text) {
    const std::filesystem::path path = folder_ / "a.toml";
    write_file(path, text);
    return path;
  }
  Options read(const std::string& text) {
    Options options(sample_table());
    read_option_file(write(text), options);
    return options;
  }
  // The message without the folder.
  Error read_error(const std::string& text) {
    const Error error = error_of([&] { (void)read(text); });
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_TRUE(error.message().starts_with((folder_ / "a.toml").string() + ":"));
    return {error.kind(), error.message().substr(folder_.path().string().size() + 1), error.hint()};
  }

  const TemporaryFolder folder_;
};

TEST_F(OptionFileTest, ReadsEveryType) {
  const Options options = read(
      "shuffle = true\nimages = ['a,1', 'b']\nprecision = 'auto'\n"
      "[optimizer]\nlr = 1e-2\n[train]\nepochs = 7\n");
  EXPECT_TRUE(options.boolean("shuffle"));
  EXPECT_THAT(options.list("images"), ElementsAre("a,1", "b"));
  EXPECT_EQ(options.text("precision"), "auto");
  EXPECT_EQ(options.real("optimizer.lr"), 0.01);
  EXPECT_EQ(options.integer("train.epochs"), 7);
  EXPECT_EQ(options.origin("train.epochs"), OptionOrigin::kFile);
  EXPECT_THAT(options.where("train.epochs"), EndsWith("a.toml:7: train.epochs"));
}

TEST_F(OptionFileTest, ErrorsNameTheLine) {
  EXPECT_EQ(read_error("shuffle = true\n\n[optimizer]\nlr = 'fast'\n").message(),
            "a.toml:4: optimizer.lr: got 'fast', expected a number of at least 0");
  EXPECT_EQ(read_error("shuffle = [1]").message(),
            "a.toml:1: shuffle: got an array, expected 'on' or 'off'");
  EXPECT_EQ(read_error("gpus = 2026-01-01").message(),
            "a.toml:1: gpus: expected a text, a number, or true or false");
  EXPECT_THAT(read_error("\nshuffle = \n").message(), testing::StartsWith("a.toml:2:"));
  EXPECT_THAT(read_error("shuffle = true\nshuffle = true\n").message(),
              testing::StartsWith("a.toml:2:"));
}

TEST_F(OptionFileTest, UnknownKeysGetSuggestions) {
  // The first one by line, whatever the alphabet says.
  const Error error = read_error("threads = 1\n[optimiser]\nlr = 1\n[abc]\nx = 1\n");
  EXPECT_EQ(error.message(), "a.toml:3: unknown key 'optimiser.lr'");
  EXPECT_EQ(error.hint(), "did you mean 'optimizer.lr'?");
  EXPECT_EQ(read_error("[[tasks]]\nname='a'").hint(), "did you mean 'task'?");
}

TEST_F(OptionFileTest, RepeatedSections) {
  const Options options =
      read("[[task]]\nname = 'colour'\nclasses = 3\n\n[[task]]\nname = 'size'\n");
  ASSERT_EQ(options.section("task").size(), 2U);
  EXPECT_EQ(options.section("task")[0].text("name"), "colour");
  EXPECT_EQ(options.section("task")[0].integer("classes"), 3);
  EXPECT_FALSE(options.section("task")[1].has("classes"));
  EXPECT_EQ(read_error("[[task]]\nname = 'a'\n[[task]]\nclases = 3\n").message(),
            "a.toml:4: unknown key 'clases'");
  EXPECT_EQ(read_error("task = 3").message(),
            "a.toml:1: task: expected tables, each opened by [[task]]");
}

TEST_F(OptionFileTest, EntriesOfASectionKnowTheirLine) {
  const Options options = read("[[task]]\nname = 'a'\n\n[[task]]\nname = 'b'\n");
  EXPECT_THAT(options.section("task")[1].entry_where(), EndsWith("a.toml:4: [[task]]"));
}

TEST_F(OptionFileTest, TablesKeepTheirOrder) {
  const Options options =
      read("[[task]]\nmap = { z = ['x', 'y'], a = 3 }\n[[task]]\n[task.map]\nlast = []\n");
  const std::vector<NamedList> first = options.section("task")[0].table("map");
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].name, "z");
  EXPECT_THAT(first[0].values, ElementsAre("x", "y"));
  EXPECT_EQ(first[1].name, "a");
  EXPECT_THAT(first[1].values, ElementsAre("3"));
  ASSERT_EQ(options.section("task")[1].table("map").size(), 1U);
  EXPECT_EQ(options.section("task")[1].table("map")[0].values.size(), 0U);
  EXPECT_EQ(read_error("[[task]]\nmap = 3\n").message(),
            "a.toml:2: map: expected a table of names and lists");
}

TEST_F(OptionFileTest, PrecedenceIsDefaultFileEnvironmentFlag) {
  const std::string path = write("[train]\nepochs = 2\n");
  const CommandSyntax syntax = {.takes_config = true};
  const Environment environment = {{"ORTHRUS_TRAIN_EPOCHS", "3"}};
  const auto epochs = [&](const std::vector<std::string>& arguments, const Environment& env) {
    return parse_options(sample_table(), syntax, arguments, env).integer("train.epochs");
  };
  EXPECT_EQ(epochs({}, {}), 10);
  EXPECT_EQ(epochs({path}, {}), 2);
  EXPECT_EQ(epochs({"--config", path}, {}), 2);
  EXPECT_EQ(epochs({path}, environment), 3);
  EXPECT_EQ(epochs({"--num-epoch", "4", path}, environment), 4);
  EXPECT_EQ(epochs({path, "--set", "train.epochs=5"}, environment), 5);
  EXPECT_THAT(error_of([&] {
                (void)epochs({path, "--config", path}, {});
              }).message(),
              HasSubstr("two configuration files"));
  EXPECT_EQ(error_of([&] { (void)epochs({"none.toml"}, {}); }).kind(), ErrorKind::kInput);
}

TEST_F(OptionFileTest, AFolderWithAConfigurationStandsForIt) {
  const CommandSyntax syntax = {.takes_config = true};
  const TemporaryFolder folder;
  write_file(folder.path() / "config.toml", "[train]\nepochs = 7\n");
  const std::vector<std::string> arguments = {folder.path().string()};
  EXPECT_EQ(parse_options(sample_table(), syntax, arguments, {}).integer("train.epochs"), 7);
}

TEST_F(OptionFileTest, ChangesNameWhatDiffersButForIncidentalOptions) {
  OptionTable table;
  table.add({.key = "lr", .type = OptionType::kReal, .default_text = "0.1"});
  table.add({.key = "verbose", .type = OptionType::kBoolean, .incidental = true});
  table.add({.key = "name"});
  Options now(table);
  const Options then(table);
  EXPECT_THAT(option_changes(now, then), ::testing::IsEmpty());
  now.set("lr", {"0.2"}, OptionOrigin::kFlag, "--lr");
  now.set("verbose", {"on"}, OptionOrigin::kFlag, "--verbose");
  now.set("name", {"x"}, OptionOrigin::kFlag, "--name");
  EXPECT_THAT(option_changes(now, then),
              ::testing::ElementsAre("lr: 0.2, was 0.1", "name: x, was not set"));
}

TEST_F(OptionFileTest, WrittenTomlReadsBackTheSame) {
  const std::vector<std::string> arguments = {"--lr",      "1e-7",   "--images", "a b,c\"\\\x01",
                                              "--shuffle", "--gpus", "0"};
  Options options = parse_options(sample_table(), {}, arguments, {});
  Options& entry = options.add_section_entry("task");
  entry.set("name", {"first"}, OptionOrigin::kFile, "");
  entry.set("map", {packed({"b c", {"x", "y\""}}), packed({"a", {}})}, OptionOrigin::kFile, "");
  const std::string text = options_toml(options, "orthrus train");
  const Options again = read(text);
  for (const OptionSpec& spec : options.table().specs()) {
    EXPECT_EQ(again.text(spec.key), options.text(spec.key)) << spec.key;
  }
  ASSERT_EQ(again.section("task").size(), 1U);
  const std::vector<NamedList> map = again.section("task")[0].table("map");
  ASSERT_EQ(map.size(), 2U);
  EXPECT_EQ(map[0].name, "b c");
  EXPECT_THAT(map[0].values, ElementsAre("x", "y\""));
  EXPECT_EQ(map[1].name, "a");
  EXPECT_THAT(option_changes(again, options), ::testing::IsEmpty());
  EXPECT_THAT(text, HasSubstr("# epoch =\n"));
  EXPECT_THAT(text, HasSubstr("lr = 1e-07  # --lr\n"));
}

}  // namespace
}  // namespace orthrus
