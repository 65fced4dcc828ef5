// Small changes to texts.
#pragma once

#include <string>
#include <string_view>

namespace orthrus {

// With a to z for A to Z; other bytes, also those of letters in UTF-8, stay.
[[nodiscard]] std::string lower_case(std::string_view text);

// Foreign text for a message: shortened, control characters replaced.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace orthrus
