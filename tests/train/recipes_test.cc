#include "train/recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/options_parse.h"
#include "train/options.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::TemporaryFolder;

Options options_with(std::vector<std::string> arguments) {
  return with_recipe(parse_options(train_table(), {.takes_config = true}, arguments, {}));
}

TEST(Recipes, AreAllReadAndNamed) {
  for (const Recipe& recipe : recipes()) {
    const Options options = options_with({"--recipe", std::string(recipe.name)});
    EXPECT_TRUE(options.given("optimizer.schedule")) << recipe.name;
    EXPECT_EQ(recipe_named(recipe.name).text, recipe.text);
  }
}

TEST(Recipes, OfTheOriginalAreTheDefaults) {
  const Options classic = options_with({"--recipe", "classic"}), plain = options_with({});
  for (const OptionSpec& spec : classic.table().specs()) {
    if (spec.key == "train.recipe" || spec.type == OptionType::kTable) continue;
    EXPECT_EQ(classic.text(spec.key), plain.text(spec.key)) << spec.key;
  }
}

TEST(Recipes, StandBehindEverythingThatIsGiven) {
  const TemporaryFolder folder;
  const std::string config = (folder.path() / "c.toml").string();
  write_file(config, "[optimizer]\nlr = 0.5\n");
  const Options options = options_with({config, "--recipe", "lp-ft", "--bn", "train"});
  EXPECT_EQ(options.real("optimizer.lr"), 0.5);
  EXPECT_EQ(options.text("finetune.bn"), "train");
  EXPECT_EQ(options.integer("finetune.heads_first"), 50);
  EXPECT_EQ(options.where("finetune.heads_first"), "recipe lp-ft: finetune.heads_first");
}

TEST(Recipes, CountEpochsFromWhereTheModelStands) {
  EXPECT_EQ(options_with({"--recipe", "lp-ft"}).integer("train.num_epoch"), 3);
  EXPECT_EQ(options_with({"--recipe", "lp-ft", "--epoch", "3"}).integer("train.num_epoch"), 6);
  EXPECT_EQ(options_with({"--recipe", "lp-ft", "--epoch", "3", "--num-epoch", "5"})
                .integer("train.num_epoch"),
            5);
}

TEST(Recipes, MayBeFiles) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "mine.toml").string();
  write_file(file, std::string(recipe_named("quick").text) + "seed = 7\n");
  EXPECT_EQ(options_with({"--recipe", file}).integer("train.seed"), 7);
  write_file(file, "[optimizer]\nlearning_rates = 1\n");
  EXPECT_THAT(refusal_of([&] {
                (void)options_with({"--recipe", file});
              }),
              HasSubstr("mine.toml:2: "));
  write_file(file, "[train]\nrecipe = \"quick\"\n");
  EXPECT_THAT(refusal_of([&] {
                (void)options_with({"--recipe", file});
              }),
              HasSubstr("a recipe cannot say that"));
  write_file(file, "[[task]]\nname = \"a\"\nclasses = 2\n");
  EXPECT_THAT(refusal_of([&] {
                (void)options_with({"--recipe", file});
              }),
              HasSubstr("a recipe holds no [[task]] tables"));
}

TEST(Recipes, ThatAreNotThereHaveNeighbours) {
  EXPECT_THAT(refusal_of([] {
                (void)options_with({"--recipe", "quik"});
              }),
              AllOf(HasSubstr("there is no recipe 'quik'"), HasSubstr("'quick'")));
  EXPECT_THAT(refusal_of([] { (void)recipe_named("zzz"); }),
              HasSubstr("orthrus recipes lists them"));
}

}  // namespace
}  // namespace orthrus
