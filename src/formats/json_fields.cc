#include "formats/json_fields.h"

#include <cmath>

#include "base/error.h"

namespace orthrus {

namespace {

// A value for a message, however long it is in the file.
std::string excerpt(const OrderedJson& json) {
  constexpr size_t kMost = 40;
  std::string text = json.dump(-1, ' ', true, OrderedJson::error_handler_t::replace);
  if (text.size() > kMost) text = text.substr(0, kMost) + "...";
  return text;
}

int64_t integer_of(const OrderedJson& json, const std::string& key, int64_t least, int64_t most) {
  const bool fits = json.is_number_integer() &&
                    (!json.is_number_unsigned() || json.get<uint64_t>() <= INT64_MAX) &&
                    json.get<int64_t>() >= least && json.get<int64_t>() <= most;
  if (!fits) {
    throw input_error("'{}' is {}, expected a whole number from {} to {}", key, excerpt(json),
                      least, most);
  }
  return json.get<int64_t>();
}

std::string text_of(const OrderedJson& json, const std::string& key) {
  if (!json.is_string()) throw input_error("'{}' is {}, expected a text", key, excerpt(json));
  return json.get<std::string>();
}

}  // namespace

OrderedJson parse_json(std::string_view text, int deepest) {
  if (text.find('\0') != std::string_view::npos) throw input_error("it holds a NUL byte");
  std::vector<std::set<std::string>> keys;  // of each open object
  const auto check = [&](int depth, OrderedJson::parse_event_t event, OrderedJson& parsed) {
    if (depth > deepest) throw input_error("it is nested too deep");
    if (event == OrderedJson::parse_event_t::object_start) keys.emplace_back();
    if (event == OrderedJson::parse_event_t::object_end) keys.pop_back();
    if (event == OrderedJson::parse_event_t::key &&
        !keys.back().insert(parsed.get<std::string>()).second) {
      throw input_error("it has the key '{}' twice", parsed.get<std::string>());
    }
    return true;
  };
  try {
    return OrderedJson::parse(text, check);
  } catch (const OrderedJson::exception& error) {
    throw input_error("it is not JSON: {}", error.what());
  }
}

OrderedJson shortest_number(float value) {
  const double shortest = std::stod(fmt::format("{}", value));
  // Rounding twice could in principle end beside it.
  return static_cast<float>(shortest) == value ? shortest : static_cast<double>(value);
}

JsonFields::JsonFields(const OrderedJson& json) : json_(json) {
  if (!json.is_object()) throw input_error("{} is no JSON object", excerpt(json));
}

const OrderedJson* JsonFields::find(const std::string& key) {
  asked_.insert(key);
  const auto found = json_.find(key);
  return found == json_.end() ? nullptr : &*found;
}

const OrderedJson& JsonFields::require(const std::string& key) {
  const OrderedJson* found = find(key);
  if (found == nullptr) throw input_error("'{}' is missing", key);
  return *found;
}

std::string JsonFields::text(const std::string& key) {
  return text_of(require(key), key);
}

std::string JsonFields::text(const std::string& key, const std::string& fallback) {
  const OrderedJson* found = find(key);
  return found == nullptr ? fallback : text_of(*found, key);
}

int64_t JsonFields::integer(const std::string& key, int64_t least, int64_t most) {
  return integer_of(require(key), key, least, most);
}

int64_t JsonFields::integer(const std::string& key, int64_t least, int64_t most, int64_t fallback) {
  const OrderedJson* found = find(key);
  return found == nullptr ? fallback : integer_of(*found, key, least, most);
}

double JsonFields::number(const std::string& key, double least, double most, double fallback) {
  const OrderedJson* found = find(key);
  if (found == nullptr) return fallback;
  const double value = found->is_number() ? found->get<double>() : std::nan("");
  if (!(value >= least && value <= most)) {
    throw input_error("'{}' is {}, expected a number from {} to {}", key, excerpt(*found), least,
                      most);
  }
  return value;
}

bool JsonFields::boolean(const std::string& key, bool fallback) {
  const OrderedJson* found = find(key);
  if (found == nullptr) return fallback;
  if (!found->is_boolean()) {
    throw input_error("'{}' is {}, expected true or false", key, excerpt(*found));
  }
  return found->get<bool>();
}

std::vector<std::string> JsonFields::texts(const std::string& key) {
  std::vector<std::string> texts;
  const OrderedJson* found = find(key);
  if (found == nullptr) return texts;
  if (!found->is_array()) {
    throw input_error("'{}' is {}, expected a list of texts", key, excerpt(*found));
  }
  for (const OrderedJson& entry : *found) texts.push_back(text_of(entry, key));
  return texts;
}

std::vector<double> JsonFields::numbers(const std::string& key, size_t count) {
  const OrderedJson& list = require(key);
  std::vector<double> numbers;
  if (list.is_array()) {
    for (const OrderedJson& entry : list) {
      if (entry.is_number() && std::isfinite(entry.get<double>())) {
        numbers.push_back(entry.get<double>());
      }
    }
  }
  if (numbers.size() != count || list.size() != count) {
    throw input_error("'{}' is {}, expected a list of {} numbers", key, excerpt(list), count);
  }
  return numbers;
}

std::vector<double> JsonFields::numbers(const std::string& key, double least, double most) {
  std::vector<double> numbers;
  for (const OrderedJson& entry : list(key)) {
    const double value = entry.is_number() ? entry.get<double>() : std::nan("");
    if (!(value >= least && value <= most)) {
      throw input_error("'{}' holds {}, expected numbers from {} to {}", key, excerpt(entry), least,
                        most);
    }
    numbers.push_back(value);
  }
  return numbers;
}

std::vector<int64_t> JsonFields::integers(const std::string& key, int64_t least, int64_t most) {
  std::vector<int64_t> integers;
  for (const OrderedJson& entry : list(key)) {
    integers.push_back(integer_of(entry, key, least, most));
  }
  return integers;
}

std::vector<OrderedJson> JsonFields::objects(const std::string& key) {
  std::vector<OrderedJson> objects;
  for (const OrderedJson& entry : list(key)) objects.push_back(entry);
  return objects;
}

OrderedJson JsonFields::list(const std::string& key) {
  const OrderedJson* found = find(key);
  if (found == nullptr) return OrderedJson::array();
  if (!found->is_array()) {
    throw input_error("'{}' is {}, expected a list", key, excerpt(*found));
  }
  return *found;
}

void JsonFields::finish() const {
  std::vector<std::string> unknown;
  for (const auto& [key, value] : json_.items()) {
    if (!asked_.contains(key)) unknown.push_back("'" + key + "'");
  }
  if (!unknown.empty()) {
    throw input_error("{} is unknown", fmt::join(unknown, ", "))
        .with_hint("a newer Orthrus may have written the file");
  }
}

}  // namespace orthrus
