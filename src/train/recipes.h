// Recipes: options that go well together, by name or from a file. What a recipe says stands where
// nobody else says anything: flags, environment and configuration go before it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/options.h"

namespace orthrus {

struct Recipe {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view text;     // TOML, as `orthrus recipes show` prints it
};

// In the order of a listing.
[[nodiscard]] std::span<const Recipe> recipes();
// Throws kUsage, with "did you mean".
[[nodiscard]] const Recipe& recipe_named(std::string_view name);

// --recipe.
[[nodiscard]] std::vector<OptionSpec> recipe_options();

// The same options with what the recipe that they name says. Throws kUsage for a name that is
// neither a recipe's nor a file's, and what read_option_text() throws.
[[nodiscard]] Options with_recipe(Options options);

}  // namespace orthrus
