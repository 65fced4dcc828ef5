// A subcommand as data: its name, its options and the function that runs it. main.cc holds the
// ordered table of them; a subcommand file only reads options, calls the library and prints
// results.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/options_parse.h"
#include "base/options_text.h"
#include "base/terminal.h"

namespace orthrus {

struct Command;

struct CommandContext {
  std::span<const Command> commands;  // all of them, in the order of the overview
  const Environment& environment;
  std::FILE* out;      // results: standard output
  Terminal& terminal;  // messages and progress: standard error
};

struct Command {
  std::string name = {};     // "train"
  std::string summary = {};  // one line without a final period, for the overview and the help
  OptionTable options = {};
  CommandSyntax syntax = {};
  std::vector<std::string> examples = {};  // whole command lines
  bool listed = true;                      // in the overview and on the documentation page
  // Returns the exit code; throws orthrus::Error, which main() turns into a message and a code.
  int (*run)(const Options& options, CommandContext& context) = nullptr;
};

[[nodiscard]] CommandText text_of(const Command& command);

// The overview that `orthrus` and `orthrus --help` print.
[[nodiscard]] std::string overview(std::span<const Command> commands);

}  // namespace orthrus
