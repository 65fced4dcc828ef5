// From argv, a TOML file and the environment to Options. Precedence: declared default < file <
// environment < flag; `--set key=value` ranks with the flags, and giving an option both ways is an
// error, as are different values under two names of one option. A flag that is repeated counts with
// its last value (as in argparse), but for lists, which grow.
//
// The table alone drives the parsing. CLI11 stays out: it would take its own second declaration of
// each option, knows neither keys nor where a value came from, and its own TOML reader has no line
// numbers.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"

namespace orthrus {

using Environment = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] Environment process_environment();

struct Positional {
  std::string name = {};  // "MODEL"
  std::string help = {};
  bool required = false;
  bool repeated = false;  // takes all the rest; only the last one may
};

// What other tools call an option, for the hint to an unknown flag. An entry without keys has only
// its remark; one with keys counts where the table has one of them, and the first of these is
// named.
struct ForeignFlag {
  std::string_view flag;               // "--weight-decay"; words joined by '-'
  std::vector<std::string_view> keys;  // "optimizer.weight_decay"
  std::string_view remark = {};        // how its value differs: one sentence without a full stop
};

struct CommandSyntax {
  std::vector<Positional> positionals = {};
  // An argument that ends in ".toml" before all positionals, or a folder with a config.toml in it,
  // or `--config FILE`, is read as a file of options (Options::config_file()). What its relative
  // paths are relative to is for the command to say.
  bool takes_config = false;
  std::span<const ForeignFlag> foreign_flags = {};
};

// Variables of the environment that are named like options of these tables, "ORTHRUS_TRAIN_..." and
// the like, and are none of any: a line each.
[[nodiscard]] std::vector<std::string> unknown_variables(std::span<const OptionTable> tables,
                                                         const Environment& environment);

// True when -h or --help stands among the options (before a "--").
[[nodiscard]] bool asks_for_help(std::span<const std::string> arguments);

// `arguments` are those after the subcommand's name. Throws kUsage, with "did you mean" as its
// hint, for an unknown or incomplete flag, a value that the declaration does not allow, a missing
// or surplus positional; and what read_option_file() throws.
[[nodiscard]] Options parse_options(const OptionTable& table, const CommandSyntax& syntax,
                                    std::span<const std::string> arguments,
                                    const Environment& environment);

// Takes over what the file says. Throws kInput when it cannot be read, kUsage with "file:line" for
// bad TOML, an unknown key, a wrong type or range.
void read_option_file(const std::filesystem::path& path, Options& options);
// The same with the file's text; `origin` stands for the file in messages.
void read_option_text(const std::string& text, const std::string& origin, Options& options);

// Differences between two sets of values of one table, a line each ("optimizer.lr: 0.1, was 0.2"),
// but for options that are incidental.
[[nodiscard]] std::vector<std::string> option_changes(const Options& now, const Options& then);

}  // namespace orthrus
