// The program: finds the subcommand, parses its options, and is the one border where exceptions
// become messages on standard error and exit codes.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/machine.h"
#include "base/suggest.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/foreign_flags.h"

namespace orthrus {

namespace {

// In the order of the overview.
std::vector<Command> all_commands() {
  return {
      make_train_command(),        make_runs_command(),    make_recipes_command(),
      make_lr_find_command(),      make_tune_command(),    make_soup_command(),
      make_evaluate_command(),     make_predict_command(), make_tasks_command(),
      make_check_command(),        make_list_command(),    make_pack_command(),
      make_bench_command(),        make_doctor_command(),  make_demo_data_command(),
      make_options_page_command(),
  };
}

const Command& find_command(const std::vector<Command>& commands, const std::string& name) {
  const auto found = std::ranges::find(commands, name, &Command::name);
  if (found != commands.end()) return *found;
  if (name.starts_with('-')) {
    throw usage_error("got '{}', expected a command before the options", name)
        .with_hint("for example: orthrus train --help");
  }
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.name);
  const std::string suggestion = did_you_mean(name, names);
  throw usage_error("unknown command '{}'", name)
      .with_hint(suggestion.empty() ? "orthrus --help lists the commands" : suggestion);
}

// What `arguments` ask for in place of a command, or an empty text.
std::string information(const std::vector<std::string>& arguments,
                        const std::vector<Command>& commands) {
  if (arguments.empty()) return overview(commands);
  const std::string& first = arguments.front();
  if (first == "--version") return "orthrus " + program_version() + "\n";
  const bool help = first == "--help" || first == "-h" || first == "help";
  return help && arguments.size() == 1 ? overview(commands) : "";
}

int run_program(std::vector<std::string> arguments, CommandContext& context,
                const std::vector<Command>& commands) {
  const std::string text = information(arguments, commands);
  if (!text.empty()) {
    fmt::print(context.out, "{}", text);
    return 0;
  }
  // `orthrus help train` is `orthrus train --help`.
  if (arguments.front() == "help" && arguments.size() == 2) arguments = {arguments[1], "--help"};
  const Command& command = find_command(commands, arguments.front());
  const std::span<const std::string> rest = std::span(arguments).subspan(1);
  if (asks_for_help(rest)) {
    const int width = terminal_traits(context.out, context.environment).width;
    fmt::print(context.out, "{}",
               help_text(text_of(command), command.options, std::clamp(width, 60, 100)));
    return 0;
  }
  std::vector<OptionTable> tables;
  for (const Command& each : commands) tables.push_back(each.options);
  for (const std::string& line : unknown_variables(tables, context.environment)) {
    context.terminal.print_line(line);
  }
  CommandSyntax syntax = command.syntax;
  syntax.foreign_flags = foreign_flags();
  const Options options = parse_options(command.options, syntax, rest, context.environment);
  return command.run(options, context);
}

int report(Terminal& terminal, const Error& error) {
  terminal.set_status("");
  terminal.print_line(fmt::format("{} {}", terminal.alarming("orthrus: error:"), error.message()));
  if (!error.hint().empty()) terminal.print_line("  hint: " + error.hint());
  return exit_code(error.kind());
}

// A result that did not reach its reader is a failure; a reader that has gone away is not.
int finish_output(Terminal& terminal, std::FILE* out, int code) {
  if (std::fflush(out) == 0 || errno == EPIPE) return code;
  const std::string reason = std::generic_category().message(errno);
  const int failure =
      report(terminal, resource_error("cannot write to standard output: {}", reason));
  return code != 0 ? code : failure;
}

int guarded_main(const std::vector<std::string>& arguments) {
  const Environment environment = process_environment();
  Terminal terminal(stderr, terminal_traits(stderr, environment));
  int code = 0;
  try {
    const std::vector<Command> commands = all_commands();
    CommandContext context{commands, environment, stdout, terminal};
    code = run_program(arguments, context, commands);
  } catch (const Error& error) {
    code = report(terminal, error);
  } catch (const std::bad_alloc&) {
    code = report(terminal, resource_error("out of memory")
                                .with_hint("try a smaller --batch-size, or close other programs"));
  } catch (const std::system_error& error) {  // from fmt::print
    if (error.code().value() == EPIPE) return 0;
    code = report(terminal, resource_error("{}", error.what()));
  } catch (const std::exception& error) {
    code = report(terminal, internal_error("{}", error.what())
                                .with_hint("this is a defect in orthrus; please report it with "
                                           "the command line and the output of orthrus doctor"));
  }
  return finish_output(terminal, stdout, code);
}

}  // namespace

}  // namespace orthrus

int main(int argc, char** argv) {
  orthrus::bound_spinning(argv);
  // A closed pipe then shows as EPIPE where it is written to: a training whose output nobody reads
  // any more still ends with its checkpoint.
  std::signal(SIGPIPE, SIG_IGN);
  return orthrus::guarded_main({argv + 1, argv + argc});
}
