// Attributes: the text attributes of one layer of a symbol file, read by type. Each reader asks for
// what it knows; finish() then refuses what nobody asked for, so that nothing that changes the
// arithmetic is passed over. It knows no operator.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "graph/ops/convolution.h"

namespace orthrus::mxnet {

using AttributeMap = std::map<std::string, std::string, std::less<>>;

// The finite number that `text` is, whole; nullopt otherwise.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

// Every reader throws kInput naming the attribute, its value and what was expected. A reader
// without a fallback throws when the attribute is missing.
class Attributes {
 public:
  explicit Attributes(AttributeMap values) : values_(std::move(values)) {}

  [[nodiscard]] int64_t integer(std::string_view key, int64_t least);
  [[nodiscard]] int64_t integer(std::string_view key, int64_t least, int64_t fallback);
  [[nodiscard]] double number(std::string_view key, double fallback);
  [[nodiscard]] bool flag(std::string_view key, bool fallback);
  // "(3, 3)": height and width, each at least `least`.
  [[nodiscard]] Pair pair(std::string_view key, int64_t least);
  [[nodiscard]] Pair pair(std::string_view key, int64_t least, Pair fallback);
  // One of the names of `choices`, pairs of a name and a value.
  template <typename Value>
  [[nodiscard]] Value choice(std::string_view key, std::string_view fallback,
                             std::initializer_list<std::pair<std::string_view, Value>> choices) {
    const std::string_view text = find(key).value_or(fallback);
    std::string names;
    for (const auto& [name, value] : choices) {
      if (text == name) return value;
      names += names.empty() ? std::string(name) : " or " + std::string(name);
    }
    refuse(key, text, names);
  }

  // An attribute of which only these values (the default among them) are supported.
  void only(std::string_view key, std::initializer_list<std::string_view> supported);
  // Attributes without a meaning for the arithmetic.
  void ignore(std::initializer_list<std::string_view> keys);
  // Throws for an attribute that nothing above has asked for.
  void finish() const;

 private:
  std::optional<std::string_view> find(std::string_view key);
  [[noreturn]] static void refuse(std::string_view key, std::string_view value,
                                  std::string_view expected);
  [[noreturn]] static void refuse_missing(std::string_view key);

  AttributeMap values_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace orthrus::mxnet
