// Strict reading of small JSON texts that a file carries. parse_json() refuses what parsers
// disagree about; JsonFields reads an object field by field, and finish() then refuses what nobody
// asked for, so that nothing that a newer program wrote is passed over.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace orthrus {

using OrderedJson = nlohmann::ordered_json;

// Throws kInput: no JSON, a key twice in one object, nested deeper than `deepest`, a NUL byte
// (where nlohmann's parser would stop and take the rest for nothing).
[[nodiscard]] OrderedJson parse_json(std::string_view text, int deepest);

// `value` as the shortest decimal number that gives the same float again.
[[nodiscard]] OrderedJson shortest_number(float value);

// Every reader throws kInput naming the field, its value and what was expected. A reader without a
// fallback throws when the field is missing. The object must outlive its reader.
class JsonFields {
 public:
  // Throws kInput unless `json` is an object.
  explicit JsonFields(const OrderedJson& json);

  [[nodiscard]] std::string text(const std::string& key);
  [[nodiscard]] std::string text(const std::string& key, const std::string& fallback);
  [[nodiscard]] int64_t integer(const std::string& key, int64_t least, int64_t most);
  [[nodiscard]] int64_t integer(const std::string& key, int64_t least, int64_t most,
                                int64_t fallback);
  [[nodiscard]] double number(const std::string& key, double least, double most, double fallback);
  [[nodiscard]] bool boolean(const std::string& key, bool fallback);
  // A list of texts; an empty one when the field is missing.
  [[nodiscard]] std::vector<std::string> texts(const std::string& key);
  // Lists of finite numbers in these bounds, of objects; empty when the field is missing.
  [[nodiscard]] std::vector<double> numbers(const std::string& key, double least, double most);
  [[nodiscard]] std::vector<int64_t> integers(const std::string& key, int64_t least, int64_t most);
  [[nodiscard]] std::vector<OrderedJson> objects(const std::string& key);
  // A list of so many finite numbers.
  [[nodiscard]] std::vector<double> numbers(const std::string& key, size_t count);

  // Throws kInput naming the fields that nothing above has asked for.
  void finish() const;

 private:
  const OrderedJson* find(const std::string& key);
  const OrderedJson& require(const std::string& key);
  OrderedJson list(const std::string& key);

  const OrderedJson& json_;
  std::set<std::string> asked_;
};

}  // namespace orthrus
