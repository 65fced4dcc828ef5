// `orthrus recipes`: the recipes of `orthrus train --recipe`, and what they say.
#include <fmt/format.h>

#include "base/error.h"
#include "cli/commands.h"
#include "train/recipes.h"

namespace orthrus {

namespace {

int run_recipes(const Options& options, CommandContext& context) {
  const std::vector<std::string>& words = options.positionals();
  if (words.empty()) {
    for (const Recipe& recipe : recipes()) {
      fmt::print(context.out, "{:<10} {}\n", recipe.name, recipe.summary);
    }
    return 0;
  }
  if (words.size() != 2 || words.front() != "show") {
    throw usage_error("got '{}', expected show NAME, or nothing for a list", words.front());
  }
  fmt::print(context.out, "{}", recipe_named(words.back()).text);
  return 0;
}

}  // namespace

Command make_recipes_command() {
  return {.name = "recipes",
          .summary = "List the recipes of training, and show what one says",
          .syntax = {.positionals = {{.name = "show", .help = "Print a recipe as a TOML file."},
                                     {.name = "NAME", .help = "Which."}}},
          .examples = {"orthrus recipes show lp-ft", "orthrus recipes show lp-ft >mine.toml"},
          .run = run_recipes};
}

}  // namespace orthrus
