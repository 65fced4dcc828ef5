#include "formats/mxnet/attributes.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "formats/mxnet/names.h"

namespace orthrus::mxnet {

namespace {

constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::optional<int64_t> parse_integer(std::string_view text) {
  text = trimmed(text);
  if (text.ends_with('L')) text.remove_suffix(1);  // Python 2 wrote long integers so
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "(3, 3)", "[3,3]", "(3,)" or "()": the numbers; nullopt when it is none of these.
std::optional<std::vector<int64_t>> parse_tuple(std::string_view text) {
  text = trimmed(text);
  const bool round = text.starts_with('(') && text.ends_with(')');
  const bool square = text.starts_with('[') && text.ends_with(']');
  if (text.size() < 2 || (!round && !square)) return std::nullopt;
  text = trimmed(text.substr(1, text.size() - 2));
  std::vector<int64_t> numbers;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::optional<int64_t> number = parse_integer(text.substr(0, comma));
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    text = trimmed(text.substr(std::min(comma + 1, text.size())));
  }
  return numbers;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

int64_t Attributes::integer(std::string_view key, int64_t least) {
  const std::optional<std::string_view> text = find(key);
  if (!text) refuse_missing(key);
  return integer(key, least, 0);
}

int64_t Attributes::integer(std::string_view key, int64_t least, int64_t fallback) {
  const std::optional<std::string_view> text = find(key);
  if (!text) return fallback;
  const std::optional<int64_t> value = parse_integer(*text);
  if (!value || *value < least || *value > kLargest) {
    refuse(key, *text, fmt::format("an integer from {} to {}", least, kLargest));
  }
  return *value;
}

double Attributes::number(std::string_view key, double fallback) {
  const std::optional<std::string_view> text = find(key);
  if (!text) return fallback;
  const std::optional<double> value = parse_number(*text);
  if (!value) refuse(key, *text, "a number");
  return *value;
}

bool Attributes::flag(std::string_view key, bool fallback) {
  return choice<bool>(key, fallback ? "True" : "False",
                      {{"True", true},
                       {"False", false},
                       {"true", true},
                       {"false", false},
                       {"1", true},
                       {"0", false}});
}

Pair Attributes::pair(std::string_view key, int64_t least) {
  const Pair value = pair(key, least, {0, 0});
  if (value == Pair{0, 0}) refuse_missing(key);
  return value;
}

Pair Attributes::pair(std::string_view key, int64_t least, Pair fallback) {
  const std::optional<std::string_view> text = find(key);
  if (!text || *text == "None") return fallback;
  const std::optional<std::vector<int64_t>> numbers = parse_tuple(*text);
  if (numbers && numbers->empty()) return fallback;
  const auto fits = [&](int64_t number) { return number >= least && number <= kLargest; };
  if (!numbers || numbers->size() != 2 || !std::ranges::all_of(*numbers, fits)) {
    refuse(key, *text, fmt::format("(height, width), each from {} to {}", least, kLargest));
  }
  return {(*numbers)[0], (*numbers)[1]};
}

void Attributes::only(std::string_view key, std::initializer_list<std::string_view> supported) {
  const std::optional<std::string_view> text = find(key);
  if (!text || std::ranges::find(supported, *text) != supported.end()) return;
  throw input_error("{} = {} is not supported, only {}", key, printable(*text), *supported.begin());
}

void Attributes::ignore(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) asked_.emplace(key);
}

void Attributes::finish() const {
  for (const auto& [key, value] : values_) {
    if (!asked_.contains(key)) {
      throw input_error("the attribute {} = '{}' is not known", printable(key), printable(value));
    }
  }
}

std::optional<std::string_view> Attributes::find(std::string_view key) {
  asked_.emplace(key);
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

void Attributes::refuse(std::string_view key, std::string_view value, std::string_view expected) {
  throw input_error("the attribute {} is '{}', expected {}", key, printable(value), expected);
}

void Attributes::refuse_missing(std::string_view key) {
  throw input_error("the attribute {} is missing", key);
}

}  // namespace orthrus::mxnet
