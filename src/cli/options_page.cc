// `orthrus options-page`: the documentation page of all options, docs/options.md, as Markdown.
#include <fmt/format.h>

#include "cli/commands.h"

namespace orthrus {

namespace {

int run_options_page(const Options&, CommandContext& context) {
  fmt::print(
      context.out,
      "# Options\n\n"
      "Made by `orthrus options-page`; do not edit. Each option can be given by its flag, by "
      "`--set key=value`, by an environment variable (`optimizer.lr`: "
      "`ORTHRUS_OPTIMIZER_LR`), or under its key in a TOML file where the command takes one. "
      "Flags go before the environment, this before the file, the file before the default.\n");
  for (const Command& command : context.commands) {
    if (!command.listed) continue;
    fmt::print(context.out, "\n{}", options_markdown(text_of(command), command.options));
  }
  return 0;
}

}  // namespace

Command make_options_page_command() {
  return {.name = "options-page",
          .summary = "Print the documentation page of all options as Markdown",
          .examples = {"orthrus options-page > docs/options.md"},
          .listed = false,
          .run = run_options_page};
}

}  // namespace orthrus
