// Texts to numbers, whole texts only.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace orthrus {

// The number that the whole text is, a plus sign before it allowed; nothing for another text.
template <typename T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace orthrus
