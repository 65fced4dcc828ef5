#include "train/config_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/options_parse.h"
#include "base/temporary_folder.h"
#include "model/networks.h"
#include "train/options.h"

namespace orthrus {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::refusal_of;

// A current folder, and one with a configuration.
class ConfigPaths : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = fs::current_path();
    for (const char* name : {"here", "there"}) fs::create_directory(folder_.path() / name);
    fs::current_path(folder_.path() / "here");
  }
  void TearDown() override { fs::current_path(before_); }

  static void touch(const fs::path& path) { write_file(path, path.string()); }

  // The options of `arguments` after a configuration with this text, located.
  static Options located(const std::string& text, std::vector<std::string> arguments = {},
                         const std::string& file = "../there/c.toml") {
    write_file(file, text);
    arguments.insert(arguments.begin(), file);
    return with_located_paths(parse_options(train_table(), {.takes_config = true}, arguments, {}));
  }

  TemporaryFolder folder_;
  fs::path before_;
};

TEST_F(ConfigPaths, AreRelativeToTheCurrentFolderElseToTheFile) {
  touch("here.lst");
  touch("../there/there.lst");
  const Options options = located("data.train = \"here.lst\"\ndata.val = \"there.lst\"\n");
  EXPECT_EQ(options.text("data.train"), "here.lst");
  EXPECT_EQ(options.text("data.val"), "../there/there.lst");
  EXPECT_THAT(options.where("data.val"), HasSubstr("c.toml:2: data.val"));
}

TEST_F(ConfigPaths, OfFlagsAreLeftAlone) {
  touch("../there/a.lst");
  const Options options = located("data.train = \"none.lst\"\n", {"--data-train", "a.lst"});
  EXPECT_EQ(options.text("data.train"), "a.lst");
}

TEST_F(ConfigPaths, NamesAndAbsoluteOnesStay) {
  const Options options = located(
      "model.source = \"resnet14_small\"\ntrain.recipe = \"quick\"\ndata.train = \"/no/such\"\n"
      "tasks.preset = \"class\"\ntrain.run = \"./new\"\n");
  EXPECT_EQ(options.text("model.source"), "resnet14_small");
  EXPECT_EQ(options.text("train.recipe"), "quick");
  EXPECT_EQ(options.text("data.train"), "/no/such");
  EXPECT_EQ(options.text("tasks.preset"), "class");
  EXPECT_EQ(options.text("train.run"), "./new");
}

TEST_F(ConfigPaths, AModelMayBeAPrefix) {
  touch("../there/net-symbol.json");
  EXPECT_EQ(located("model.source = \"net\"\n").text("model.source"), "../there/net");
}

TEST_F(ConfigPaths, InNeitherFolderIsAnErrorThatNamesBoth) {
  EXPECT_THAT(refusal_of([] { (void)located("data.val = \"none.lst\"\n"); }),
              HasSubstr("'none.lst' is neither in the current folder nor in '../there', where the "
                        "configuration is"));
  EXPECT_THAT(refusal_of([] { (void)located("[[source]]\nlist = \"none.lst\"\n"); }),
              HasSubstr("list: 'none.lst' is neither"));
}

TEST_F(ConfigPaths, WhatIsInBothFollowsTheOthersOrIsRefused) {
  touch("both.lst");
  touch("../there/both.lst");
  const std::string both = "data.train = \"both.lst\"\n";
  EXPECT_THAT(refusal_of([&] { (void)located(both); }), HasSubstr("these are not the same"));
  touch("here.lst");
  touch("../there/there.lst");
  EXPECT_EQ(located(both + "data.val = \"here.lst\"\n").text("data.train"), "both.lst");
  EXPECT_EQ(located(both + "data.val = \"there.lst\"\n").text("data.train"), "../there/both.lst");
  EXPECT_THAT(refusal_of([&] {
                (void)located(both + "data.val = \"here.lst\"\ndata.exclude = \"there.lst\"\n");
              }),
              HasSubstr("these are not the same"));
  fs::remove("both.lst");
  fs::create_symlink("../there/both.lst", "both.lst");
  EXPECT_EQ(located(both).text("data.train"), "both.lst");
}

TEST_F(ConfigPaths, OfARunAreRelativeToWhereItWasStarted) {
  touch("a.lst");
  touch("../there/a.lst");
  touch("only_here.lst");
  fs::create_directory("../there/run");
  const fs::path started = fs::canonical("../there");
  write_file("../there/run/environment.json", "{\"started_in\": \"" + started.string() + "\"}");
  const Options options = located(
      "data.train = \"a.lst\"\ndata.val = \"only_here.lst\"\ntrain.run = \"run\"\n"
      "finetune.cache_folder = \"cache\"\n",
      {}, "../there/run/config.toml");
  EXPECT_EQ(options.text("data.train"), (started / "a.lst").string());
  EXPECT_EQ(options.text("data.val"), "only_here.lst");
  EXPECT_EQ(options.text("train.run"), "../there/run");
  EXPECT_EQ(options.text("finetune.cache_folder"), (started / "cache").string());
  EXPECT_THAT(refusal_of([] {
                (void)located("data.train = \"none.lst\"\n", {}, "../there/run/config.toml");
              }),
              HasSubstr("where the run was started"));
}

TEST_F(ConfigPaths, OfTheSameFileAreNoChange) {
  Options now(train_table()), then(train_table());
  const auto set = [](Options& options, const std::string& text) {
    options.set("data.train", {text}, OptionOrigin::kFile, "");
  };
  set(now, "/there/a.lst");
  set(then, "./a.lst");
  agree_on_paths(now, "/here", then, "/there");
  EXPECT_THAT(option_changes(now, then), IsEmpty());
  set(now, "a.lst");
  agree_on_paths(now, "/here", then, "/there");
  EXPECT_THAT(option_changes(now, then), ::testing::SizeIs(1));
}

}  // namespace
}  // namespace orthrus
