#include "formats/mxnet/symbol_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/mxnet/names.h"

namespace orthrus::mxnet {

namespace {

using Json = nlohmann::json;

constexpr size_t kLargestFile = 64 << 20;  // bytes; a thousand layers take a third of a megabyte
constexpr int kDeepest = 16;               // a symbol file nests five deep
constexpr int kOldVersion = 800;           // MXNet takes a file without a version for this old

Error not_json(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const size_t column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  const size_t first = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  const Error error = input_error("not JSON at line {}, column {} (the file starts with '{}')",
                                  line, column, printable(text.substr(first), 16));
  return text.substr(first).starts_with('<') ? error.with_hint("this looks like a web page")
                                             : error;
}

Json parse_text(std::string_view text) {
  if (text.empty()) throw input_error("the file is empty");
  if (text.size() > kLargestFile) {
    throw input_error("the file has {} bytes, expected at most {}", text.size(), kLargestFile);
  }
  const auto check_depth = [](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepest) throw input_error("the JSON is nested deeper than {}", kDeepest);
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const Json::parse_error& error) {
    throw not_json(text, error.byte);
  } catch (const Json::exception&) {  // a number beyond the range of doubles
    throw input_error("the JSON holds a number that is out of range");
  }
}

const Json& member(const Json& object, const char* key) {
  if (!object.is_object()) throw input_error("expected a JSON object, got {}", object.type_name());
  const auto found = object.find(key);
  if (found == object.end()) throw input_error("the key '{}' is missing", key);
  return *found;
}

const Json& list(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_array()) throw input_error("'{}' is no list but {}", key, value.type_name());
  return value;
}

std::string text_of(const Json& value, const char* what) {
  if (!value.is_string()) throw input_error("{} is no text but {}", what, value.type_name());
  return value.get<std::string>();
}

int index_of(const Json& value, size_t count) {
  const bool fits = value.is_number_unsigned() && value.get<uint64_t>() < count;
  if (!fits) {
    throw input_error("the node number {} is not one of 0 to {}", printable(value.dump(), 24),
                      static_cast<int64_t>(count) - 1);
  }
  return value.get<int>();
}

// [node, output] or [node, output, version]: the node. Only first outputs carry a layer's result;
// the others are hidden ones such as the mean of a BatchNorm.
int entry_of(const Json& value, size_t count) {
  if (!value.is_array() || value.size() < 2 || value.size() > 3) {
    throw input_error("expected [node, output], got {}", printable(value.dump()));
  }
  const int node = index_of(value[0], count);
  if (!value[1].is_number_unsigned() || value[1].get<uint64_t>() != 0) {
    throw input_error("output {} of node {} is not supported, only output 0",
                      printable(value[1].dump(), 24), node);
  }
  return node;
}

// Attributes under the key of each generation; the newer ones win.
AttributeMap attributes_of(const Json& node) {
  AttributeMap merged;
  for (const char* key : {"attrs", "attr", "param"}) {
    const auto found = node.find(key);
    if (found == node.end()) continue;
    if (!found->is_object()) throw input_error("'{}' is no object but {}", key, found->type_name());
    for (const auto& [name, value] : found->items())
      merged.emplace(name, text_of(value, "a value"));
  }
  return merged;
}

StoredNode node_of(const Json& json, size_t id, size_t count) {
  StoredNode node;
  node.op = text_of(member(json, "op"), "'op'");
  node.name = text_of(member(json, "name"), "'name'");
  check_name(node.name);
  node.attributes = attributes_of(json);
  for (const Json& entry : list(json, "inputs")) {
    node.inputs.push_back(entry_of(entry, count));
    if (static_cast<size_t>(node.inputs.back()) >= id) {
      throw input_error(
          "it reads node {}, which does not stand before it: the network has a cycle "
          "or its nodes are out of order",
          node.inputs.back());
    }
  }
  if (node.is_variable() && !node.inputs.empty()) throw input_error("a variable has inputs");
  return node;
}

// Where a node is, for messages; its name may be what is wrong.
std::string place_of(const Json& json, size_t id) {
  const auto name = json.is_object() ? json.find("name") : json.end();
  if (!json.is_object() || name == json.end() || !name->is_string()) {
    return fmt::format("node {}", id);
  }
  return fmt::format("node {} '{}'", id, printable(name->get_ref<const std::string&>()));
}

int version_of(const Json& document) {
  const auto attributes = document.find("attrs");
  if (attributes == document.end() || !attributes->is_object()) return kOldVersion;
  const auto version = attributes->find("mxnet_version");
  if (version == attributes->end()) return kOldVersion;
  constexpr uint64_t kLargest = 100'000'000;
  if (!version->is_array() || version->size() != 2 || !(*version)[1].is_number_unsigned() ||
      (*version)[1].get<uint64_t>() > kLargest) {
    throw input_error("mxnet_version is {}, expected such as [\"int\", 10901]",
                      printable(version->dump()));
  }
  return (*version)[1].get<int>();
}

}  // namespace

StoredSymbol parse_symbol_json(std::string_view text) {
  const Json document = parse_text(text);
  const Json& nodes = list(document, "nodes");
  StoredSymbol symbol;
  symbol.version = version_of(document);
  for (const Json& json : nodes) {
    const size_t id = symbol.nodes.size();
    try {
      symbol.nodes.push_back(node_of(json, id, nodes.size()));
    } catch (const Error& error) {
      throw error.within(place_of(json, id));
    }
  }
  for (const Json& json : list(document, "arg_nodes")) {
    const int id = index_of(json, nodes.size());
    const StoredNode& node = symbol.nodes[static_cast<size_t>(id)];
    if (!node.is_variable()) {
      throw input_error("arg_nodes lists node {} '{}', which is no variable but {}", id, node.name,
                        printable(node.op));
    }
  }
  for (const Json& json : list(document, "heads")) {
    symbol.heads.push_back(entry_of(json, nodes.size()));
  }
  if (symbol.heads.empty()) throw input_error("the network has no outputs ('heads' is empty)");
  return symbol;
}

}  // namespace orthrus::mxnet
