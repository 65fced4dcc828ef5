#include "base/options_parse.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"

namespace orthrus {

namespace {

// One `--flag value` or `--set key=value`.
struct Assignment {
  const OptionSpec* spec;
  std::string value;
  std::string where;
  bool by_key;  // --set
};

struct CommandLine {
  std::vector<Assignment> assignments;
  std::vector<std::string> positionals;
  std::optional<std::string> config;
};

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t end = text.find(','); end != std::string::npos; end = text.find(',', start)) {
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

class ArgumentParser {
 public:
  ArgumentParser(const OptionTable& table, const CommandSyntax& syntax,
                 std::span<const std::string> arguments)
      : table_(table), syntax_(syntax), arguments_(arguments) {}

  CommandLine parse() {
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_++];
      if (argument == "--") {
        while (next_ < arguments_.size()) add_positional(arguments_[next_++]);
      } else if (argument.size() < 2 || argument[0] != '-') {  // "-" is standard input
        add_positional(argument);
      } else {
        const size_t equals = argument.find('=');
        std::optional<std::string> attached;
        if (equals != std::string::npos) attached = argument.substr(equals + 1);
        parse_flag(argument.substr(0, equals), std::move(attached));
      }
    }
    check_positional_count();
    return std::move(line_);
  }

 private:
  void parse_flag(const std::string& flag, std::optional<std::string> attached) {
    if (flag == "--set") return parse_set(value_of(flag, std::move(attached)));
    if (flag == "--config" && syntax_.takes_config) {
      return set_config(value_of(flag, std::move(attached)));
    }
    bool negated = false;
    const OptionSpec* spec = table_.find_flag(flag, negated);
    if (spec == nullptr) throw unknown_flag(flag);
    if (spec->type != OptionType::kBoolean) {
      line_.assignments.push_back({spec, value_of(flag, std::move(attached)), flag, false});
    } else if (negated) {
      if (attached) throw usage_error("{} takes no value, got '{}'", flag, *attached);
      line_.assignments.push_back({spec, "off", flag, false});
    } else {
      if (!attached) attached = following_switch_value();
      line_.assignments.push_back({spec, attached.value_or("on"), flag, false});
    }
  }

  // `--flag on` and `--flag off`: only these two words are taken, anything else is a positional.
  std::optional<std::string> following_switch_value() {
    if (next_ == arguments_.size()) return std::nullopt;
    const std::string& word = arguments_[next_];
    if (word != "on" && word != "off") return std::nullopt;
    ++next_;
    return word;
  }

  // An empty text and a negative number are values, another flag is not.
  std::string value_of(const std::string& flag, std::optional<std::string> attached) {
    if (attached) return std::move(*attached);
    if (next_ == arguments_.size()) throw usage_error("{} needs a value", flag);
    const std::string& value = arguments_[next_];
    if (value.starts_with("--")) {
      throw usage_error("{} needs a value, got the flag '{}'", flag, value)
          .with_hint(fmt::format("write {}=VALUE for a value that begins with '--'", flag));
    }
    ++next_;
    return value;
  }

  void parse_set(const std::string& text) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      throw usage_error("--set: got '{}', expected key=value", text)
          .with_hint("for example: --set seed=1");
    }
    const std::string key = text.substr(0, equals);
    const OptionSpec* spec = table_.find_key(key);
    if (spec == nullptr) {
      throw usage_error("--set: unknown key '{}'", key).with_hint(table_.suggest_key(key));
    }
    line_.assignments.push_back({spec, text.substr(equals + 1), "--set " + key, true});
  }

  void set_config(const std::string& path) {
    if (line_.config) {
      throw usage_error("two configuration files are given: '{}' and '{}'", *line_.config, path);
    }
    line_.config = path;
  }

  void add_positional(const std::string& argument) {
    if (syntax_.takes_config && line_.positionals.empty()) {
      if (argument.ends_with(".toml")) return set_config(argument);
      const std::filesystem::path inside = std::filesystem::path(argument) / "config.toml";
      std::error_code ignored;
      if (std::filesystem::is_regular_file(inside, ignored)) return set_config(inside.string());
    }
    const bool repeated = !syntax_.positionals.empty() && syntax_.positionals.back().repeated;
    if (line_.positionals.size() >= syntax_.positionals.size() && !repeated) {
      const Error error = usage_error("unexpected argument '{}'", argument);
      throw syntax_.takes_config ? error.with_hint(
                                       "a configuration is a file that ends in .toml, or a folder "
                                       "with a config.toml in it")
                                 : error.with_hint("quote values that hold spaces; see --help");
    }
    line_.positionals.push_back(argument);
  }

  void check_positional_count() const {
    for (size_t i = line_.positionals.size(); i < syntax_.positionals.size(); ++i) {
      const Positional& missing = syntax_.positionals[i];
      if (missing.required) {
        throw usage_error("the argument {} is missing", missing.name)
            .with_hint(missing.name + ": " + missing.help);
      }
    }
  }

  // What other tools mean by `flag`, or an empty text. `--batch_size` is `--batch-size`, and `-b8`
  // is
  // `-b 8`.
  [[nodiscard]] std::string foreign_hint(const std::string& flag) const {
    std::string name = flag;
    std::ranges::replace(name, '_', '-');
    if (!name.starts_with("--")) name = name.substr(0, 2);
    bool negated = false;
    if (name != flag && table_.find_flag(name, negated) != nullptr) {
      return fmt::format("did you mean '{}'?", name);
    }
    for (const ForeignFlag& foreign : syntax_.foreign_flags) {
      if (foreign.flag != name) continue;
      if (foreign.keys.empty()) return std::string(foreign.remark);
      for (const std::string_view key : foreign.keys) {
        const OptionSpec* spec = table_.find_key(key);
        if (spec == nullptr) continue;
        const std::string own =
            spec->flag.empty() ? fmt::format("--set {}=VALUE", key) : spec->flag;
        return fmt::format("did you mean '{}'? Orthrus calls it that{}{}", own,
                           foreign.remark.empty() ? "" : "; ", foreign.remark);
      }
    }
    return {};
  }

  [[nodiscard]] Error unknown_flag(const std::string& flag) const {
    const Error error = usage_error("unknown option '{}'", flag);
    if (flag.starts_with("--")) {
      if (const OptionSpec* spec = table_.find_key(flag.substr(2))) {
        return error.with_hint(spec->flag.empty() ? fmt::format("write --set {}=VALUE", spec->key)
                                                  : fmt::format("did you mean '{}'?", spec->flag));
      }
    }
    const std::string foreign = foreign_hint(flag);
    if (!foreign.empty()) return error.with_hint(foreign);
    std::vector<std::string> known = table_.flags();
    known.insert(known.end(), {"--set", "--help"});
    if (syntax_.takes_config) known.emplace_back("--config");
    return error.with_hint(did_you_mean(flag, known));
  }

  const OptionTable& table_;
  const CommandSyntax& syntax_;
  std::span<const std::string> arguments_;
  size_t next_ = 0;
  CommandLine line_;
};

void apply(const Assignment& assignment, Options& options, OptionOrigin origin, bool append) {
  const bool list = assignment.spec->type == OptionType::kList;
  options.set(assignment.spec->key,
              list ? split_list(assignment.value) : std::vector{assignment.value}, origin,
              assignment.where, append);
}

// The option's own key comes first.
std::vector<std::string> variables_of(const OptionSpec& spec) {
  std::vector<std::string> names = environment_names(spec.key);
  for (const std::string& key : spec.key_aliases) {
    for (const std::string& name : environment_names(key)) names.push_back(name);
  }
  return names;
}

void apply_environment(const Environment& environment, Options& options) {
  for (const OptionSpec& spec : options.table().specs()) {
    for (const std::string& name : variables_of(spec)) {
      const auto found = environment.find(name);
      if (found == environment.end()) continue;
      apply({&spec, found->second, name, false}, options, OptionOrigin::kEnvironment, false);
      break;
    }
  }
}

// Whether an option is given under two of its names. A list grows under all of them, and a switch
// has one for each of its values.
bool is_other_name(const Assignment& earlier, const Assignment& later) {
  const OptionType type = later.spec->type;
  return type != OptionType::kBoolean && type != OptionType::kList && earlier.where != later.where;
}

void apply_assignments(const std::vector<Assignment>& assignments, Options& options) {
  std::map<const OptionSpec*, const Assignment*> earlier;
  for (const Assignment& assignment : assignments) {
    const auto [found, first] = earlier.try_emplace(assignment.spec, &assignment);
    if (!first && found->second->by_key != assignment.by_key) {
      throw usage_error("'{}' and '{}' set the same option", found->second->where, assignment.where)
          .with_hint("keep one of them");
    }
    const std::string before = options.text(assignment.spec->key);
    apply(assignment, options, OptionOrigin::kFlag, !first);
    if (first || options.text(assignment.spec->key) == before) continue;
    if (is_other_name(*found->second, assignment)) {
      throw usage_error("'{} {}' and '{} {}' are two names of the same option",
                        found->second->where, found->second->value, assignment.where,
                        assignment.value)
          .with_hint("keep one of them");
    }
  }
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::vector<std::string> unknown_variables(std::span<const OptionTable> tables,
                                           const Environment& environment) {
  std::set<std::string> known, groups;
  for (const OptionTable& table : tables) {
    for (const OptionSpec& spec : table.specs()) {
      for (const std::string& name : variables_of(spec)) known.insert(name);
      const size_t dot = spec.key.find('.');
      if (dot != std::string::npos) {
        groups.insert(environment_names(spec.key.substr(0, dot)).front() + "_");
      }
    }
  }
  const std::vector<std::string> names(known.begin(), known.end());
  std::vector<std::string> lines;
  for (const auto& [name, value] : environment) {
    const auto is_in = [&name = name](const std::string& group) { return name.starts_with(group); };
    if (known.contains(name) || std::ranges::none_of(groups, is_in)) continue;
    const std::string hint = did_you_mean(name, names);
    lines.push_back(fmt::format("{}: no option has this name, so it has no effect{}{}", name,
                                hint.empty() ? "" : "; ", hint));
  }
  return lines;
}

bool asks_for_help(std::span<const std::string> arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return false;
    if (argument == "-h" || argument == "--help") return true;
  }
  return false;
}

std::vector<std::string> option_changes(const Options& now, const Options& then) {
  const auto shown = [](const std::string& text) { return text.empty() ? "not set" : text; };
  std::vector<std::string> changes;
  for (const OptionSpec& spec : now.table().specs()) {
    const std::string value = now.text(spec.key), old = then.text(spec.key);
    if (spec.incidental || value == old) continue;
    changes.push_back(fmt::format("{}: {}, was {}", spec.key, shown(value), shown(old)));
  }
  for (const OptionSection& section : now.table().sections()) {
    const std::span<const Options> entries = now.section(section.name);
    const std::span<const Options> old = then.section(section.name);
    if (entries.size() != old.size()) {
      changes.push_back(
          fmt::format("[[{}]]: {} of them, were {}", section.name, entries.size(), old.size()));
      continue;
    }
    for (size_t i = 0; i < entries.size(); ++i) {
      for (const std::string& change : option_changes(entries[i], old[i])) {
        changes.push_back(fmt::format("[[{}]] {}: {}", section.name, i + 1, change));
      }
    }
  }
  return changes;
}

Options parse_options(const OptionTable& table, const CommandSyntax& syntax,
                      std::span<const std::string> arguments, const Environment& environment) {
  const CommandLine line = ArgumentParser(table, syntax, arguments).parse();
  Options options(table);
  if (line.config) {
    read_option_file(*line.config, options);
    options.set_config_file(*line.config);
  }
  apply_environment(environment, options);
  apply_assignments(line.assignments, options);
  for (const std::string& positional : line.positionals) options.add_positional(positional);
  return options;
}

}  // namespace orthrus
