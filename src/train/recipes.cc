#include "train/recipes.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/options_parse.h"
#include "base/suggest.h"

namespace orthrus {
namespace {

constexpr const char* kRecipeKey = "train.recipe";
constexpr const char* kEpochsKey = "train.num_epoch";
constexpr const char* kFirstEpochKey = "model.epoch";

constexpr std::array<Recipe, 5> kRecipes = {{
    {"classic", "all layers as multi-task-MXNet trains them; the defaults",
     R"(# As multi-task-MXNet trains: all layers, SGD, a tenth of the rate after 5 and 10 epochs.
[data]
augment = "classic"

[finetune]
train = ["all"]
bn = "auto"

[optimizer]
name = "sgd"
lr = 0.001
momentum = 0.9
weight_decay = 0.0001
schedule = "step"
)"},
    {"quick", "the heads alone on features that are computed once: minutes",
     R"(# Only the heads, on features that are computed once for each picture. Linear heads are solved for;
# for others, --solver sgd trains as many epochs as stand here.
[data]
augment = "none"
batch_size = 64

[finetune]
train = ["heads"]
solver = "lbfgs"

[optimizer]
name = "adamw"
lr = 0.01
weight_decay = 0.01
schedule = "cosine"

[train]
num_epoch = 20
)"},
    {"lp-ft", "the heads first, then all layers for a few epochs",
     R"(# Linear probing, then fine-tuning: Kumar et al. 2022, arXiv:2202.10054. The heads are solved for, or
# trained until they stop improving, on kept features; from there all layers for a few epochs, so that
# the features are not spoilt by heads that know nothing yet. The paper goes on with SGD, a small rate
# and frozen BatchNorm; AdamW's steps do not depend on how large features and heads are, and with the
# batch's statistics they may be larger (bench/time_to_accuracy.py).
[data]
batch_size = 32

[finetune]
train = ["all"]
bn = "auto"
heads_first = 50

[optimizer]
name = "adamw"
lr = 0.001
weight_decay = 0.0
schedule = "linear"

[train]
num_epoch = 3
)"},
    {"bit", "all layers, by the number of pictures, as BiT's HyperRule",
     R"(# Kolesnikov et al. 2020, arXiv:1912.11370: 500 updates of 512 pictures with fewer than 20,000 of
# them, 10,000 with fewer than 500,000, else 20,000; mixup from 20,000 on. The number of epochs
# follows. Its sizes of pictures: --image-shape 3,128,128 for small ones, 3,480,480 for others.
[data]
batch_size = 64

[finetune]
train = ["all"]

[optimizer]
name = "sgd"
lr = 0.003
momentum = 0.9
weight_decay = 0.0
schedule = "bit"

[train]
accumulate = 8
)"},
    {"one-cycle", "all layers, the rate up and down once",
     R"(# Smith and Topin 2018, arXiv:1708.07120.
[data]
batch_size = 64

[finetune]
train = ["all"]

[optimizer]
name = "nesterov"
lr = 0.01
momentum = 0.9
weight_decay = 0.0001
schedule = "one-cycle"

[train]
num_epoch = 10
)"},
}};

bool is_recipe(std::string_view name) {
  return std::ranges::find(kRecipes, name, &Recipe::name) != kRecipes.end();
}

// Takes over what `recipe` gives and `options` do not.
void fill_in(const Options& recipe, const std::string& origin, Options& options) {
  for (const OptionSpec& spec : recipe.table().specs()) {
    if (!recipe.given(spec.key)) continue;
    if (spec.key == kRecipeKey || spec.type == OptionType::kTable) {
      throw usage_error("{}: a recipe cannot say that", recipe.where(spec.key));
    }
    if (options.given(spec.key)) continue;
    std::vector<std::string> values =
        spec.type == OptionType::kList ? recipe.list(spec.key) : std::vector{recipe.text(spec.key)};
    if (spec.key == kEpochsKey) {  // a recipe cannot know where the model stands
      values = {std::to_string(recipe.integer(kEpochsKey) + options.integer(kFirstEpochKey))};
    }
    options.set(spec.key, values, OptionOrigin::kFile, fmt::format("{}: {}", origin, spec.key));
  }
}

}  // namespace

std::span<const Recipe> recipes() {
  return kRecipes;
}

const Recipe& recipe_named(std::string_view name) {
  const auto found = std::ranges::find(kRecipes, name, &Recipe::name);
  if (found != kRecipes.end()) return *found;
  std::vector<std::string> names;
  for (const Recipe& recipe : kRecipes) names.emplace_back(recipe.name);
  const std::string hint = did_you_mean(name, names);
  throw usage_error("there is no recipe '{}'", name)
      .with_hint(hint.empty() ? "orthrus recipes lists them; a file is named with its path" : hint);
}

std::vector<OptionSpec> recipe_options() {
  return {{.key = kRecipeKey,
           .flag = "--recipe",
           .value_name = "NAME|FILE",
           .help = "Options that go well together, of which any may be given otherwise: classic, "
                   "quick, lp-ft, bit, one-cycle (orthrus recipes), or a TOML file.",
           .group = "Fine-tuning"}};
}

Options with_recipe(Options options) {
  const std::string name = options.text(kRecipeKey);
  if (name.empty()) return options;
  const bool file = !is_recipe(name) && std::filesystem::exists(name);
  const std::string text = file ? read_text(name) : std::string(recipe_named(name).text);
  const std::string origin = file ? name : "recipe " + name;
  Options recipe(options.table());
  read_option_text(text, origin, recipe);
  for (const OptionSection& section : recipe.table().sections()) {
    if (recipe.section(section.name).empty()) continue;
    throw usage_error("{}: a recipe holds no [[{}]] tables", origin, section.name)
        .with_hint("put them into a configuration, or into a file for --tasks");
  }
  fill_in(recipe, origin, options);
  return options;
}

}  // namespace orthrus
