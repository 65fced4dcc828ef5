// read_option_file(): the only place that knows the TOML library.
#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/options_parse.h"

namespace orthrus {

namespace {

// A key with its value, or an entry of a repeated section; `line` from 1.
struct Leaf {
  std::string key;
  const toml::node* node;
  uint32_t line;
};

bool is_section(const OptionTable& table, const std::string& key) {
  return std::ranges::any_of(table.sections(),
                             [&](const OptionSection& section) { return section.name == key; });
}

void collect_leaves(const toml::table& table, const std::string& prefix, const OptionTable& known,
                    std::vector<Leaf>& leaves) {
  for (const auto& [key, node] : table) {
    const std::string path = prefix + std::string(key.str());
    const OptionSpec* spec = known.find_key(path);
    const bool is_value = spec != nullptr && spec->type == OptionType::kTable;
    if (const toml::table* inner = node.as_table(); inner != nullptr && !is_value) {
      collect_leaves(*inner, path + ".", known, leaves);
    } else {
      leaves.push_back({path, &node, key.source().begin.line});
    }
  }
}

// The text that a flag would have for the same value.
std::string scalar_text(const toml::node& node, const std::string& where) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  throw usage_error("{}: expected a text, a number, or true or false", where);
}

void apply_table(const toml::table& table, const std::string& file, Options& options);

void apply_section(const Leaf& leaf, const std::string& file, Options& options) {
  const toml::array* entries = leaf.node->as_array();
  if (entries == nullptr || !entries->is_homogeneous<toml::table>()) {
    throw usage_error("{}:{}: {}: expected tables, each opened by [[{}]]", file, leaf.line,
                      leaf.key, leaf.key);
  }
  for (const toml::node& entry : *entries) {
    const std::string where =
        fmt::format("{}:{}: [[{}]]", file, entry.source().begin.line, leaf.key);
    apply_table(*entry.as_table(), file, options.add_section_entry(leaf.key, where));
  }
}

// The entries of a kTable in the file's order: the library sorts them by name.
std::vector<std::string> packed_entries(const toml::node& node, const std::string& where) {
  const toml::table* table = node.as_table();
  if (table == nullptr) throw usage_error("{}: expected a table of names and lists", where);
  std::vector<std::pair<toml::source_position, NamedList>> lists;
  for (const auto& [key, value] : *table) {
    NamedList list{.name = std::string(key.str()), .values = {}};
    if (const toml::array* array = value.as_array()) {
      for (const toml::node& element : *array) list.values.push_back(scalar_text(element, where));
    } else {
      list.values.push_back(scalar_text(value, where));
    }
    lists.emplace_back(key.source().begin, std::move(list));
  }
  std::ranges::sort(lists, [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> texts;
  for (const auto& [place, list] : lists) texts.push_back(packed(list));
  return texts;
}

void apply_leaf(const Leaf& leaf, const std::string& file, Options& options) {
  const std::string where = fmt::format("{}:{}: {}", file, leaf.line, leaf.key);
  const OptionSpec* spec = options.table().find_key(leaf.key);
  if (spec == nullptr) {
    throw usage_error("{}:{}: unknown key '{}'", file, leaf.line, leaf.key)
        .with_hint(options.table().suggest_key(leaf.key));
  }
  std::vector<std::string> values;
  if (spec->type == OptionType::kTable) {
    values = packed_entries(*leaf.node, where);
  } else if (const toml::array* array = leaf.node->as_array()) {
    if (spec->type != OptionType::kList) {
      throw usage_error("{}: got an array, expected {}", where, expected_text(*spec));
    }
    for (const toml::node& element : *array) values.push_back(scalar_text(element, where));
  } else {
    values.push_back(scalar_text(*leaf.node, where));
  }
  options.set(leaf.key, values, OptionOrigin::kFile, where);
}

void apply_table(const toml::table& table, const std::string& file, Options& options) {
  std::vector<Leaf> leaves;
  collect_leaves(table, "", options.table(), leaves);
  // The library sorts by key; messages should name the first bad line.
  std::ranges::stable_sort(leaves, {}, &Leaf::line);
  std::map<const OptionSpec*, const Leaf*> earlier;
  for (const Leaf& leaf : leaves) {
    const OptionSpec* spec = options.table().find_key(leaf.key);
    const auto [found, is_first] = earlier.try_emplace(spec, &leaf);
    if (spec != nullptr && !is_first) {
      throw usage_error("{}:{}: '{}' and '{}' are two names of the same option", file, leaf.line,
                        found->second->key, leaf.key)
          .with_hint("keep one of them");
    }
    if (is_section(options.table(), leaf.key)) {
      apply_section(leaf, file, options);
    } else {
      apply_leaf(leaf, file, options);
    }
  }
}

}  // namespace

void read_option_file(const std::filesystem::path& path, Options& options) {
  read_option_text(read_text(path), path.string(), options);
}

void read_option_text(const std::string& text, const std::string& origin, Options& options) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw usage_error("{}:{}:{}: {}", origin, error.source().begin.line,
                      error.source().begin.column, error.description());
  }
  apply_table(table, origin, options);
}

}  // namespace orthrus
