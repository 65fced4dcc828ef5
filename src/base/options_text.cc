#include "base/options_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

namespace orthrus {

namespace {

constexpr int kHelpColumn = 30;  // where the descriptions begin

std::string value_name(const OptionSpec& spec) {
  if (!spec.value_name.empty()) return spec.value_name;
  switch (spec.type) {
    case OptionType::kInteger:
      return "N";
    case OptionType::kReal:
      return "X";
    case OptionType::kText:
      return "TEXT";
    case OptionType::kBoolean:
      return "";
    case OptionType::kChoice:
      return fmt::format("{}", fmt::join(spec.choices, "|"));
    case OptionType::kList:
      return "A,B,...";
    case OptionType::kTable:
      return "TABLE";
  }
  return "";
}

// "--lr X, --learning-rate X"; without a flag, how to set it at all.
std::string flag_text(const OptionSpec& spec) {
  if (spec.flag.empty()) return fmt::format("--set {}={}", spec.key, value_name(spec));
  const bool negatable = spec.type == OptionType::kBoolean && spec.default_text == "on";
  std::string text = negatable ? "--no-" + spec.flag.substr(2) : spec.flag;
  for (const std::string& alias : spec.aliases) text += ", " + alias;
  const std::string name = value_name(spec);
  return name.empty() ? text : text + " " + name;
}

std::string default_text(const OptionSpec& spec) {
  if (spec.type == OptionType::kBoolean && spec.default_text.empty()) return "off";
  return spec.default_text;
}

// "0 to 1", "at least 1", "N or auto"; empty when everything goes.
std::string range_text(const OptionSpec& spec) {
  std::string text;
  if (std::isfinite(spec.min) && std::isfinite(spec.max)) {
    text = fmt::format("{} to {}", spec.min, spec.max);
  } else if (std::isfinite(spec.min)) {
    text = fmt::format("at least {}", spec.min);
  } else if (std::isfinite(spec.max)) {
    text = fmt::format("at most {}", spec.max);
  }
  if (spec.type == OptionType::kChoice) return text;  // its values stand beside the flag
  for (const std::string& word : spec.choices) text += (text.empty() ? "or " : ", or ") + word;
  return text;
}

std::string description(const OptionSpec& spec) {
  std::string text = spec.help;
  const std::string range = range_text(spec);
  const std::string preset = default_text(spec);
  if (!range.empty()) text += " (" + range + ")";
  if (!preset.empty() && spec.type != OptionType::kBoolean) text += " [" + preset + "]";
  return text;
}

// Words of `text` in lines of at most `width` columns, all but the first indented.
std::string wrapped(std::string_view text, int indent, int width) {
  const size_t room = static_cast<size_t>(std::max(20, width - indent));
  std::string lines;
  size_t used = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (used > 0 && used + 1 + end > room) {
      lines += "\n" + std::string(static_cast<size_t>(indent), ' ');
      used = 0;
    } else if (used > 0) {
      lines += ' ';
      ++used;
    }
    lines += text.substr(0, end);
    used += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string entry(const std::string& left, const std::string& right, int width) {
  std::string text = "  " + left;
  const size_t column = kHelpColumn;
  if (text.size() + 2 > column) {
    text += "\n" + std::string(column, ' ');
  } else {
    text.resize(column, ' ');
  }
  return text + wrapped(right, kHelpColumn, width) + "\n";
}

// Groups in the order of their first option.
std::vector<std::string> group_names(const OptionTable& table) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : table.specs()) {
    if (std::ranges::find(names, spec.group) == names.end()) names.push_back(spec.group);
  }
  return names;
}

std::string usage(const CommandText& command) {
  std::string text = command.name;
  if (command.syntax.takes_config) text += " [CONFIG.toml]";
  for (const Positional& positional : command.syntax.positionals) {
    const std::string name = positional.name + (positional.repeated ? "..." : "");
    text += positional.required ? " " + name : " [" + name + "]";
  }
  return text + " [options]";
}

std::string general_entries(const CommandText& command, int width) {
  std::string text;
  if (command.syntax.takes_config) {
    text += entry("--config FILE", "Read options from a TOML file, as CONFIG.toml does.", width);
  }
  text += entry("--set KEY=VALUE", "Set an option by its key in the file.", width);
  return text + entry("-h, --help", "Show this help.", width);
}

std::string escaped_cell(std::string text) {
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string toml_array(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(toml_string(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string toml_inline_table(const std::vector<NamedList>& lists) {
  std::vector<std::string> entries;
  for (const NamedList& list : lists) {
    entries.push_back(toml_string(list.name) + " = " + toml_array(list.values));
  }
  return fmt::format("{{{}}}", fmt::join(entries, ", "));
}

std::string toml_value(const Options& options, const OptionSpec& spec) {
  switch (spec.type) {
    case OptionType::kBoolean:
      return options.boolean(spec.key) ? "true" : "false";
    case OptionType::kList:
      return toml_array(options.list(spec.key));
    case OptionType::kTable:
      return toml_inline_table(options.table(spec.key));
    case OptionType::kInteger:
    case OptionType::kReal: {
      const std::string text = options.text(spec.key);
      const bool word = std::ranges::find(spec.choices, text) != spec.choices.end();
      return word ? toml_string(text) : text;
    }
    case OptionType::kText:
    case OptionType::kChoice:
      return toml_string(options.text(spec.key));
  }
  return "";
}

struct KeyParts {
  std::string folder;  // "optimizer", empty for a key without a dot
  std::string name;
};

KeyParts split_key(const std::string& key) {
  const size_t dot = key.rfind('.');
  if (dot == std::string::npos) return {"", key};
  return {key.substr(0, dot), key.substr(dot + 1)};
}

// Where a value that is not the default comes from.
std::string origin_comment(const Options& options, const OptionSpec& spec) {
  switch (options.origin(spec.key)) {
    case OptionOrigin::kDefault:
      return "";
    case OptionOrigin::kResolved:
      return "  # found at the start";
    case OptionOrigin::kFile:
    case OptionOrigin::kEnvironment:
    case OptionOrigin::kFlag:
      break;
  }
  std::string where = options.where(spec.key);
  std::ranges::replace_if(
      where, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return "  # " + where;
}

// The lines of one TOML table.
std::string toml_lines(const Options& options, const std::string& folder) {
  std::string text;
  for (const OptionSpec& spec : options.table().specs()) {
    const KeyParts parts = split_key(spec.key);
    if (parts.folder != folder) continue;
    const bool number = spec.type == OptionType::kInteger || spec.type == OptionType::kReal;
    const bool unset = number && !options.has(spec.key);
    if (unset) {
      text += fmt::format("# {} =\n", parts.name);
      continue;
    }
    text += fmt::format("{} = {}{}\n", parts.name, toml_value(options, spec),
                        origin_comment(options, spec));
  }
  return text;
}

std::vector<std::string> folder_names(const OptionTable& table) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : table.specs()) {
    const std::string folder = split_key(spec.key).folder;
    if (std::ranges::find(names, folder) == names.end()) names.push_back(folder);
  }
  // Keys without a table can only stand before the first table.
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return name.empty(); });
  return names;
}

}  // namespace

std::string help_text(const CommandText& command, const OptionTable& table, int width) {
  std::string text =
      "Usage: " + usage(command) + "\n\n" + wrapped(command.summary, 0, width) + "\n";
  if (!command.examples.empty()) text += "\nExamples:\n";
  for (const std::string& example : command.examples) text += "  " + example + "\n";
  if (!command.syntax.positionals.empty()) text += "\nArguments:\n";
  for (const Positional& positional : command.syntax.positionals) {
    text += entry(positional.name, positional.help, width);
  }
  for (const std::string& group : group_names(table)) {
    text += "\n" + (group.empty() ? "Options" : group) + ":\n";
    for (const OptionSpec& spec : table.specs()) {
      if (spec.group == group) text += entry(flag_text(spec), description(spec), width);
    }
  }
  return text + "\nGeneral:\n" + general_entries(command, width);
}

std::string options_markdown(const CommandText& command, const OptionTable& table) {
  std::string text =
      fmt::format("## {}\n\n{}\n\n```\n{}\n```\n", command.name, command.summary, usage(command));
  for (const std::string& group : group_names(table)) {
    text += fmt::format("\n### {}\n\n", group.empty() ? "Options" : group);
    text += "| flag | key | default | range | meaning |\n|---|---|---|---|---|\n";
    for (const OptionSpec& spec : table.specs()) {
      if (spec.group != group) continue;
      const std::string flag = spec.flag.empty() ? "" : "`" + flag_text(spec) + "`";
      const std::string preset = default_text(spec).empty() ? "" : "`" + default_text(spec) + "`";
      text += fmt::format("| {} | `{}` | {} | {} | {} |\n", escaped_cell(flag), spec.key, preset,
                          range_text(spec), escaped_cell(spec.help));
    }
  }
  return text;
}

std::string options_toml(const Options& options, const std::string& title) {
  std::string text = "# " + title + "\n";
  for (const std::string& folder : folder_names(options.table())) {
    text += folder.empty() ? "\n" : fmt::format("\n[{}]\n", folder);
    text += toml_lines(options, folder);
  }
  for (const OptionSection& section : options.table().sections()) {
    for (const Options& one : options.section(section.name)) {
      text += fmt::format("\n[[{}]]\n", section.name) + toml_lines(one, "");
    }
  }
  return text;
}

}  // namespace orthrus
