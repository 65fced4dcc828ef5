// "Did you mean": the known names that are nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orthrus {

// Number of single-character insertions, deletions, substitutions and swaps of neighbours that
// turn `a` into `b` (optimal string alignment distance).
[[nodiscard]] int edit_distance(std::string_view a, std::string_view b);

// Up to `most` of `known`, nearest first, that are near enough to be what was meant: within a third
// of the name's length, or containing it.
[[nodiscard]] std::vector<std::string> nearest_names(std::string_view name,
                                                     std::span<const std::string> known,
                                                     int most = 3);

// "did you mean 'a', 'b' or 'c'?", or an empty string when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace orthrus
