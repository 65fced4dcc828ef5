#include "cli/command.h"

#include <fmt/format.h>

namespace orthrus {

CommandText text_of(const Command& command) {
  return {.name = "orthrus " + command.name,
          .summary = command.summary + ".",
          .syntax = command.syntax,
          .examples = command.examples};
}

std::string overview(std::span<const Command> commands) {
  std::string text =
      "Orthrus fine-tunes a pretrained network into a multi-task image classifier.\n\n"
      "Usage: orthrus COMMAND [options]\n\nCommands:\n";
  for (const Command& command : commands) {
    if (command.listed) text += fmt::format("  {:<12} {}\n", command.name, command.summary);
  }
  return text +
         "\northrus COMMAND --help shows the options of a command, orthrus --version the "
         "version.\n";
}

}  // namespace orthrus
