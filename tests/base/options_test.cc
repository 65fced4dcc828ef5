#include "base/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error_matcher.h"
#include "base/options_parse.h"
#include "base/options_sample.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Options parse(const std::vector<std::string>& arguments, const Environment& environment = {},
              const CommandSyntax& syntax = {}) {
  return parse_options(sample_table(), syntax, arguments, environment);
}

Error parse_error(const std::vector<std::string>& arguments, const Environment& environment = {},
                  const CommandSyntax& syntax = {}) {
  const Error error = error_of([&] { (void)parse(arguments, environment, syntax); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.message();
  return error;
}

TEST(Options, DefaultsHold) {
  const Options options = parse({});
  EXPECT_EQ(options.integer("train.epochs"), 10);
  EXPECT_EQ(options.real("optimizer.lr"), 0.001);
  EXPECT_FALSE(options.boolean("shuffle"));
  EXPECT_TRUE(options.boolean("bar"));
  EXPECT_EQ(options.text("threads"), "auto");
  EXPECT_THAT(options.list("images"), ElementsAre());
  EXPECT_FALSE(options.has("epoch"));
  EXPECT_EQ(options.origin("threads"), OptionOrigin::kDefault);
  EXPECT_FALSE(options.given("threads"));
}

TEST(Options, FlagsInBothSpellings) {
  const Options options = parse({"--lr", "0.5", "--num-epoch=3", "--precision", "bf16"});
  EXPECT_EQ(options.real("optimizer.lr"), 0.5);
  EXPECT_EQ(options.integer("train.epochs"), 3);
  EXPECT_EQ(options.text("precision"), "bf16");
  EXPECT_EQ(options.origin("optimizer.lr"), OptionOrigin::kFlag);
  EXPECT_EQ(options.where("optimizer.lr"), "--lr");
  EXPECT_TRUE(options.given("optimizer.lr"));
}

TEST(Options, AliasesHiddenOrNot) {
  EXPECT_EQ(parse({"--epochs", "3"}).integer("train.epochs"), 3);
  EXPECT_EQ(parse({"--old-epochs", "3"}).integer("train.epochs"), 3);
}

TEST(Options, EmptyTextAndNegativeNumbersAreValues) {
  EXPECT_FALSE(parse({"--gpus", ""}).has("gpus"));
  EXPECT_FALSE(parse({"--gpus="}).has("gpus"));
  EXPECT_EQ(parse({"--offset", "-1.5e-3"}).real("offset"), -1.5e-3);
  EXPECT_THAT(parse_error({"--num-epoch", ""}).message(), HasSubstr("--num-epoch: got ''"));
}

TEST(Options, LastOfRepeatedFlagsCounts) {
  EXPECT_EQ(parse({"--num-epoch", "3", "--num-epoch", "5"}).integer("train.epochs"), 5);
}

TEST(Options, TwoNamesOfOneOptionMustAgree) {
  EXPECT_EQ(parse({"--num-epoch", "5", "--epochs", "5"}).integer("train.epochs"), 5);
  EXPECT_EQ(parse_error({"--num-epoch", "3", "--epochs=5"}).message(),
            "'--num-epoch 3' and '--epochs 5' are two names of the same option");
}

TEST(Options, ListsGrowAndSplitAtCommas) {
  EXPECT_THAT(parse({"--images", "a,b", "--images", "c"}).list("images"),
              ElementsAre("a", "b", "c"));
  // A lower layer is replaced, not extended.
  EXPECT_THAT(parse({"--images", "c"}, {{"ORTHRUS_IMAGES", "a,b"}}).list("images"),
              ElementsAre("c"));
}

TEST(Options, Switches) {
  EXPECT_TRUE(parse({"--shuffle"}).boolean("shuffle"));
  EXPECT_FALSE(parse({"--shuffle=off"}).boolean("shuffle"));
  EXPECT_FALSE(parse({"--shuffle", "off"}).boolean("shuffle"));
  EXPECT_FALSE(parse({"--no-bar"}).boolean("bar"));
  EXPECT_EQ(parse_error({"--no-bar=on"}).message(), "--no-bar takes no value, got 'on'");
  EXPECT_THAT(parse_error({"--no-lr"}).message(), HasSubstr("unknown option '--no-lr'"));
  // Only on and off are taken as the value; anything else is an argument of the command.
  const Options options =
      parse({"--shuffle", "photo.jpg"}, {}, {.positionals = {{.name = "FILE"}}});
  EXPECT_TRUE(options.boolean("shuffle"));
  EXPECT_THAT(options.positionals(), ElementsAre("photo.jpg"));
}

TEST(Options, SetRanksWithFlags) {
  const Environment environment = {{"ORTHRUS_OPTIMIZER_LR", "0.1"}};
  EXPECT_EQ(parse({"--set", "optimizer.lr=0.2"}, environment).real("optimizer.lr"), 0.2);
  EXPECT_EQ(parse({"--set=optimizer.lr=0.2"}).real("optimizer.lr"), 0.2);
  EXPECT_EQ(parse_error({"--set", "optimizer.lr=0.2", "--lr", "0.2"}).message(),
            "'--set optimizer.lr' and '--lr' set the same option");
  EXPECT_EQ(parse_error({"--set", "optimizer.rl=1"}).hint(), "did you mean 'optimizer.lr'?");
  EXPECT_THAT(parse_error({"--set", "lr"}).message(), HasSubstr("expected key=value"));
}

TEST(Options, EnvironmentUnderBothNames) {
  EXPECT_EQ(parse({}, {{"ORTHRUS_OPTIMIZER__LR", "0.2"}}).real("optimizer.lr"), 0.2);
  const Options options = parse({}, {{"ORTHRUS_OPTIMIZER_LR", "0.3"}});
  EXPECT_EQ(options.real("optimizer.lr"), 0.3);
  EXPECT_EQ(options.where("optimizer.lr"), "ORTHRUS_OPTIMIZER_LR");
  EXPECT_EQ(parse_error({}, {{"ORTHRUS_TRAIN_EPOCHS", "many"}}).message(),
            "ORTHRUS_TRAIN_EPOCHS: got 'many', expected a whole number in [1, 1000]");
}

TEST(Options, UnknownFlagsGetSuggestions) {
  EXPECT_EQ(parse_error({"--num-epochs", "1"}).message(), "unknown option '--num-epochs'");
  EXPECT_THAT(parse_error({"--num-epochs", "1"}).hint(), HasSubstr("'--num-epoch'"));
  EXPECT_THAT(parse_error({"--num_epoch=1"}).hint(), HasSubstr("'--num-epoch'"));
  EXPECT_EQ(parse_error({"--optimizer.lr=1"}).hint(), "did you mean '--lr'?");
  EXPECT_EQ(parse_error({"--epoch=1"}).hint(), "write --set epoch=VALUE");
  // Hidden spellings stay hidden.
  EXPECT_THAT(parse_error({"--old-epoch=1"}).hint(), ::testing::Not(HasSubstr("old-epochs")));
}

TEST(Options, HintsKnowTheFlagsOfOtherTools) {
  const std::vector<ForeignFlag> foreign = {
      {"--learn-speed", {"absent.key", "optimizer.lr"}},
      {"-j", {"threads"}, "of all kinds of work"},
      {"--elsewhere", {"absent.key"}},
      {"--nothing", {}, "there is no such thing"},
  };
  const CommandSyntax syntax = {.foreign_flags = foreign};
  const auto hint = [&](const std::string& flag) { return parse_error({flag}, {}, syntax).hint(); };
  for (const char* flag : {"--learn-speed", "--learn_speed=0.1", "--learn-speed=0.1"}) {
    EXPECT_EQ(hint(flag), "did you mean '--lr'? Orthrus calls it that") << flag;
  }
  for (const char* flag : {"-j", "-j4", "-j=4"}) {
    EXPECT_EQ(hint(flag), "did you mean '--threads'? Orthrus calls it that; of all kinds of work");
  }
  EXPECT_EQ(hint("--elsewhere"), "");
  EXPECT_EQ(hint("--nothing"), "there is no such thing");
  EXPECT_EQ(hint("--num_epoch"), "did you mean '--num-epoch'?");
}

TEST(Options, WrongValuesNameFlagGotAndExpected) {
  EXPECT_EQ(parse_error({"--lr", "fast"}).message(),
            "--lr: got 'fast', expected a number of at least 0");
  EXPECT_EQ(parse_error({"--lr", "-1"}).message(),
            "--lr: got '-1', expected a number of at least 0");
  EXPECT_EQ(parse_error({"--num-epoch", "1.5"}).message(),
            "--num-epoch: got '1.5', expected a whole number in [1, 1000]");
  EXPECT_EQ(parse_error({"--threads", "atuo"}).message(),
            "--threads: got 'atuo', expected a whole number of at least 1 or 'auto'");
  EXPECT_EQ(parse_error({"--precision", "bf61"}).hint(), "did you mean 'bf16'?");
  EXPECT_THAT(parse_error({"--lr", "nan"}).message(), HasSubstr("got 'nan'"));
  EXPECT_THAT(parse_error({"--num-epoch", "99999999999999999999"}).message(), HasSubstr("got"));
  EXPECT_EQ(parse_error({"--lr"}).message(), "--lr needs a value");
  EXPECT_EQ(parse_error({"--lr", "--num-epoch"}).message(),
            "--lr needs a value, got the flag '--num-epoch'");
}

TEST(Options, Positionals) {
  const CommandSyntax syntax = {
      .positionals = {{.name = "MODEL", .help = "A model.", .required = true},
                      {.name = "IMAGE", .repeated = true}}};
  const Options options = parse({"m", "--lr", "1", "a.jpg", "--", "--odd.jpg", "-"}, {}, syntax);
  EXPECT_THAT(options.positionals(), ElementsAre("m", "a.jpg", "--odd.jpg", "-"));
  EXPECT_EQ(parse_error({}, {}, syntax).message(), "the argument MODEL is missing");
  EXPECT_EQ(parse_error({"surplus"}).message(), "unexpected argument 'surplus'");
}

TEST(Options, HelpIsFoundAmongTheOptions) {
  const auto asks = [](const std::vector<std::string>& arguments) {
    return asks_for_help(arguments);
  };
  EXPECT_TRUE(asks({"--lr", "bad", "--help"}));
  EXPECT_TRUE(asks({"-h"}));
  EXPECT_FALSE(asks({"--", "-h"}));
  EXPECT_FALSE(asks({}));
}

TEST(Options, ResolvedValuesReplaceAuto) {
  Options options = parse({"--threads", "auto"});
  options.resolve("threads", "2");
  EXPECT_EQ(options.integer("threads"), 2);
  EXPECT_EQ(options.origin("threads"), OptionOrigin::kResolved);
  EXPECT_EQ(error_of([&] { options.resolve("threads", "0"); }).kind(), ErrorKind::kUsage);
}

TEST(Options, WrongUseIsAnInternalError) {
  const Options options = parse({});
  for (const Error& error : {error_of([&] { (void)options.integer("no.such"); }),
                             error_of([&] { (void)options.integer("optimizer.lr"); }),
                             error_of([&] { (void)options.integer("threads"); }),
                             error_of([&] { (void)options.integer("epoch"); }),
                             error_of([&] { (void)options.boolean("gpus"); }),
                             error_of([&] { (void)options.section("nothing"); })}) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
  }
}

TEST(OptionTable, RefusesClashesAndBadDefaults) {
  OptionTable table = sample_table();
  for (const OptionSpec& spec : std::vector<OptionSpec>{
           {.key = "optimizer.lr", .flag = "--other"},
           {.key = "other", .flag = "--lr"},
           {.key = "other", .aliases = {"--old-epochs"}},
           {.key = "optimizer_lr"},  // ORTHRUS_OPTIMIZER_LR is taken
           {.key = "other", .type = OptionType::kInteger, .default_text = "0", .min = 1},
           {.key = "other", .type = OptionType::kChoice, .default_text = "x", .choices = {"y"}}}) {
    EXPECT_EQ(error_of([&] { OptionTable(table).add(spec); }).kind(), ErrorKind::kInternal)
        << spec.key << spec.flag;
  }
}

}  // namespace
}  // namespace orthrus
