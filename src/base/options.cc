#include "base/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {

namespace {

// No text of a TOML file that a person writes holds it.
constexpr char kPackSeparator = '\x1f';

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<bool> parse_boolean(std::string_view text) {
  for (const std::string_view yes : {"on", "true", "yes", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"off", "false", "no", "0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

bool is_choice(const OptionSpec& spec, std::string_view text) {
  return std::ranges::find(spec.choices, text) != spec.choices.end();
}

bool is_number(OptionType type) {
  return type == OptionType::kInteger || type == OptionType::kReal;
}

bool in_range(const OptionSpec& spec, double number) {
  return std::isfinite(number) && number >= spec.min && number <= spec.max;
}

// The canonical form of one value, or nothing when the declaration does not allow it.
std::optional<std::string> canonical(const OptionSpec& spec, const std::string& text) {
  switch (spec.type) {
    case OptionType::kInteger: {
      if (is_choice(spec, text)) return text;
      const std::optional<int64_t> number = parse_number<int64_t>(text);
      if (!number || !in_range(spec, static_cast<double>(*number))) return std::nullopt;
      return fmt::format("{}", *number);
    }
    case OptionType::kReal: {
      if (is_choice(spec, text)) return text;
      const std::optional<double> number = parse_number<double>(text);
      if (!number || !in_range(spec, *number)) return std::nullopt;
      return fmt::format("{}", *number);
    }
    case OptionType::kBoolean: {
      const std::optional<bool> on = parse_boolean(text);
      if (!on) return std::nullopt;
      return *on ? "on" : "off";
    }
    case OptionType::kChoice:
      return is_choice(spec, text) ? std::optional(text) : std::nullopt;
    case OptionType::kText:
    case OptionType::kList:
    case OptionType::kTable:
      return text;
  }
  return std::nullopt;
}

// Empty text unsets whatever has a meaning without a value; it is the text itself for a text.
bool may_be_empty(const OptionSpec& spec) {
  return spec.default_text.empty() && spec.type != OptionType::kBoolean;
}

void insert_name(std::map<std::string, size_t, std::less<>>& names, const std::string& name,
                 size_t index) {
  if (!names.emplace(name, index).second) {
    throw internal_error("the option name '{}' is declared twice", name);
  }
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (start <= text.size() && !text.empty()) {
    const size_t end = std::min(text.find(',', start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

}  // namespace

std::vector<std::string> environment_names(std::string_view key) {
  std::string doubled = "ORTHRUS_", single = "ORTHRUS_";
  for (const char c : key) {
    const bool lower = c >= 'a' && c <= 'z';
    const char upper = c == '.' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
    doubled += upper;
    single += upper;
    if (c == '.') doubled += '_';
  }
  if (doubled == single) return {single};
  return {doubled, single};
}

std::string expected_text(const OptionSpec& spec) {
  std::string text;
  const auto add_alternatives = [&] {
    for (const std::string& choice : spec.choices) {
      text += (text.empty() ? "'" : " or '") + choice + "'";
    }
  };
  if (is_number(spec.type)) {
    text = spec.type == OptionType::kInteger ? "a whole number" : "a number";
    if (std::isfinite(spec.min) && std::isfinite(spec.max)) {
      text += fmt::format(" in [{}, {}]", spec.min, spec.max);
    } else if (std::isfinite(spec.min)) {
      text += fmt::format(" of at least {}", spec.min);
    } else if (std::isfinite(spec.max)) {
      text += fmt::format(" of at most {}", spec.max);
    }
    add_alternatives();
    return text;
  }
  if (spec.type == OptionType::kBoolean) return "'on' or 'off'";
  if (spec.type == OptionType::kChoice) add_alternatives();
  if (spec.type == OptionType::kTable) return "a table of names and lists";
  return text.empty() ? "text" : text;
}

void OptionTable::add(OptionSpec spec) {
  const size_t index = specs_.size();
  insert_name(by_key_, spec.key, index);
  std::vector<std::string> flags = spec.aliases;
  flags.insert(flags.end(), spec.hidden_aliases.begin(), spec.hidden_aliases.end());
  if (!spec.flag.empty()) flags.push_back(spec.flag);
  for (const std::string& flag : flags) insert_name(by_flag_, flag, index);
  std::vector<std::string> keys = spec.key_aliases;
  for (const std::string& key : keys) insert_name(by_key_, key, index);
  keys.push_back(spec.key);
  for (const std::string& key : keys) {
    for (const std::string& name : environment_names(key)) {
      insert_name(by_environment_, name, index);
    }
  }
  if (!spec.default_text.empty() && !canonical(spec, spec.default_text)) {
    throw internal_error("option {}: the default '{}' is not {}", spec.key, spec.default_text,
                         expected_text(spec));
  }
  specs_.push_back(std::move(spec));
}

void OptionTable::add(const std::vector<OptionSpec>& specs) {
  for (const OptionSpec& spec : specs) add(spec);
}

void OptionTable::add_section(std::string name, const OptionTable& table) {
  sections_.push_back({std::move(name), table});
}

std::span<const OptionSection> OptionTable::sections() const {
  return sections_;
}

const OptionSpec* OptionTable::find_key(std::string_view key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &specs_[found->second];
}

const OptionSpec* OptionTable::find_flag(std::string_view flag, bool& negated) const {
  negated = false;
  if (const auto found = by_flag_.find(flag); found != by_flag_.end()) {
    return &specs_[found->second];
  }
  if (!flag.starts_with("--no-")) return nullptr;
  const auto found = by_flag_.find("--" + std::string(flag.substr(5)));
  if (found == by_flag_.end()) return nullptr;
  negated = specs_[found->second].type == OptionType::kBoolean;
  return negated ? &specs_[found->second] : nullptr;
}

std::string OptionTable::suggest_key(const std::string& key) const {
  const std::string last = key.substr(key.rfind('.') + 1);
  std::string flag = "--" + last;
  std::ranges::replace(flag, '_', '-');
  bool negated = false;
  if (const OptionSpec* spec = find_flag(flag, negated)) {
    return fmt::format("did you mean '{}'?", spec->key);
  }
  std::vector<std::string> known = keys();
  const auto same = std::ranges::find_if(
      known, [&](const std::string& other) { return other.ends_with("." + last); });
  if (same != known.end()) return fmt::format("did you mean '{}'?", *same);
  for (const OptionSection& section : sections_) known.push_back(section.name);
  return did_you_mean(key, known);
}

std::vector<std::string> OptionTable::keys() const {
  std::vector<std::string> keys;
  for (const OptionSpec& spec : specs_) keys.push_back(spec.key);
  return keys;
}

std::vector<std::string> OptionTable::flags() const {
  std::vector<std::string> flags;
  for (const OptionSpec& spec : specs_) {
    if (!spec.flag.empty()) flags.push_back(spec.flag);
    flags.insert(flags.end(), spec.aliases.begin(), spec.aliases.end());
  }
  return flags;
}

Options::Options(OptionTable table) : table_(std::move(table)) {
  for (const OptionSpec& spec : table_.specs()) {
    Value& value = values_[spec.key];
    value.where = spec.flag.empty() ? spec.key : spec.flag;
    const std::string text =
        spec.type == OptionType::kBoolean && spec.default_text.empty() ? "off" : spec.default_text;
    if (spec.type == OptionType::kList) {
      value.texts = split_commas(text);
    } else if (!text.empty()) {
      value.texts = {*canonical(spec, text)};
    }
  }
}

const OptionSpec& Options::spec(std::string_view key) const {
  const OptionSpec* found = table_.find_key(key);
  if (found == nullptr) throw internal_error("no option '{}' is declared", key);
  return *found;
}

const Options::Value& Options::value(std::string_view key) const {
  return values_.find(spec(key).key)->second;
}

const Options::Value& Options::value(std::string_view key, OptionType type) const {
  if (spec(key).type != type) throw internal_error("option '{}' is read as another type", key);
  return value(key);
}

bool Options::has(std::string_view key) const {
  const Value& held = value(key);
  return !held.texts.empty() && !held.texts.front().empty();
}

int64_t Options::integer(std::string_view key) const {
  const Value& held = value(key, OptionType::kInteger);
  const std::optional<int64_t> number =
      held.texts.empty() ? std::nullopt : parse_number<int64_t>(held.texts.front());
  if (!number) throw internal_error("option '{}' is read as a number but is '{}'", key, text(key));
  return *number;
}

double Options::real(std::string_view key) const {
  if (spec(key).type == OptionType::kInteger) return static_cast<double>(integer(key));
  const Value& held = value(key, OptionType::kReal);
  const std::optional<double> number =
      held.texts.empty() ? std::nullopt : parse_number<double>(held.texts.front());
  if (!number) throw internal_error("option '{}' is read as a number but is '{}'", key, text(key));
  return *number;
}

bool Options::boolean(std::string_view key) const {
  return value(key, OptionType::kBoolean).texts.front() == "on";
}

std::string Options::text(std::string_view key) const {
  return fmt::format("{}", fmt::join(value(key).texts, ","));
}

const std::vector<std::string>& Options::list(std::string_view key) const {
  return value(key, OptionType::kList).texts;
}

std::string packed(const NamedList& list) {
  std::string text = list.name;
  for (const std::string& value : list.values) text += kPackSeparator + value;
  return text;
}

std::vector<NamedList> Options::table(std::string_view key) const {
  std::vector<NamedList> lists;
  for (const std::string& text : value(key, OptionType::kTable).texts) {
    size_t end = std::min(text.find(kPackSeparator), text.size());
    NamedList& list = lists.emplace_back(NamedList{.name = text.substr(0, end), .values = {}});
    while (end < text.size()) {
      const size_t begin = end + 1;
      end = std::min(text.find(kPackSeparator, begin), text.size());
      list.values.push_back(text.substr(begin, end - begin));
    }
  }
  return lists;
}

OptionOrigin Options::origin(std::string_view key) const {
  return value(key).origin;
}

bool Options::given(std::string_view key) const {
  const OptionOrigin from = origin(key);
  return from != OptionOrigin::kDefault && from != OptionOrigin::kResolved;
}

std::string Options::where(std::string_view key) const {
  return value(key).where;
}

std::span<const Options> Options::section(std::string_view name) const {
  const bool declared = std::ranges::any_of(
      table_.sections(), [&](const OptionSection& section) { return section.name == name; });
  if (!declared) throw internal_error("no section '{}' is declared", name);
  const auto found = sections_.find(name);
  if (found == sections_.end()) return {};
  return found->second;
}

void Options::set(std::string_view key, const std::vector<std::string>& values, OptionOrigin origin,
                  const std::string& where, bool append) {
  const OptionSpec& declaration = spec(key);
  Value held{.texts = {}, .origin = origin, .where = where};
  if (append && declaration.type == OptionType::kList) held.texts = value(key).texts;
  for (const std::string& text : values) {
    if (text.empty() && may_be_empty(declaration)) continue;
    std::optional<std::string> allowed = canonical(declaration, text);
    if (!allowed) {
      const Error error =
          usage_error("{}: got '{}', expected {}", where, text, expected_text(declaration));
      throw error.with_hint(declaration.value_hint.empty() ? did_you_mean(text, declaration.choices)
                                                           : declaration.value_hint);
    }
    held.texts.push_back(std::move(*allowed));
  }
  values_.insert_or_assign(declaration.key, std::move(held));
}

void Options::resolve(std::string_view key, const std::string& value) {
  set(key, {value}, OptionOrigin::kResolved, where(key));
}

Options& Options::add_section_entry(std::string_view name, std::string where) {
  for (const OptionSection& section : table_.sections()) {
    if (section.name != name) continue;
    Options& entry = sections_[std::string(name)].emplace_back(Options(section.table));
    entry.entry_where_ = std::move(where);
    return entry;
  }
  throw internal_error("no section '{}' is declared", name);
}

void Options::replace_section(std::string_view name, std::span<const Options> entries) {
  (void)section(name);  // throws for an undeclared one
  sections_.insert_or_assign(std::string(name),
                             std::vector<Options>(entries.begin(), entries.end()));
}

}  // namespace orthrus
