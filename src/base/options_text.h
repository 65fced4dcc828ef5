// Texts made from an option table: the help of a subcommand, its part of the documentation page,
// and the TOML file that holds the value of every option. They print nothing.
#pragma once

#include <string>
#include <vector>

#include "base/options.h"
#include "base/options_parse.h"

namespace orthrus {

// What the texts need to know of a subcommand besides its options.
struct CommandText {
  std::string name = {};     // "orthrus train"
  std::string summary = {};  // one line
  CommandSyntax syntax = {};
  std::vector<std::string> examples = {};  // whole command lines
};

// Usage, summary, examples, then the options by group with their defaults; at most `width` columns.
[[nodiscard]] std::string help_text(const CommandText& command, const OptionTable& table,
                                    int width);

// The same as Markdown: a heading of the second level, and a table per group.
[[nodiscard]] std::string options_markdown(const CommandText& command, const OptionTable& table);

// Every option with its value, and where that comes from unless it is the default; what
// read_option_file() reads back to the same values. Options that are unset stand in a comment.
[[nodiscard]] std::string options_toml(const Options& options, const std::string& title);

}  // namespace orthrus
