// `orthrus lr-find`: the learning rate finder over the training that the other options describe.
#include <fmt/format.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/fit_to_machine.h"
#include "cli/train_observer.h"
#include "train/config_paths.h"
#include "train/lr_find.h"
#include "train/options.h"
#include "train/recipes.h"
#include "train/task_options.h"

namespace orthrus {

namespace {

std::vector<OptionSpec> lr_find_options() {
  const LrFindOptions defaults;
  return {
      {.key = "lr_find.first",
       .flag = "--first",
       .type = OptionType::kReal,
       .default_text = fmt::format("{}", defaults.first),
       .min = 1e-12,
       .help = "Learning rate of the first step.",
       .group = "Search"},
      {.key = "lr_find.last",
       .flag = "--last",
       .type = OptionType::kReal,
       .default_text = fmt::format("{}", defaults.last),
       .min = 1e-12,
       .help = "Learning rate of the last step.",
       .group = "Search"},
      {.key = "lr_find.steps",
       .flag = "--steps",
       .type = OptionType::kInteger,
       .default_text = fmt::format("{}", defaults.steps),
       .min = 10,
       .max = 100000,
       .help = "How many; the loss may end it sooner.",
       .group = "Search"},
      {.key = "lr_find.out",
       .flag = "--out",
       .default_text = "lr-find.svg",
       .value_name = "FILE",
       .help = "Where the curve goes, as a picture.",
       .group = "Search"},
  };
}

int run_lr_find(const Options& parsed, CommandContext& context) {
  const Options options = with_declared_tasks(with_recipe(with_located_paths(parsed)));
  refuse_what_depends_on_machine(options, "orthrus lr-find");
  const TrainRequest request = train_request(options);
  const std::string file = options.text("lr_find.out");
  check_writable(file);
  Log log(&context.terminal);
  ConsoleObserver observer(context.terminal, log, request.loader.batch_size);
  const LrFindResult result =
      find_learning_rate(request,
                         {.first = options.real("lr_find.first"),
                          .last = options.real("lr_find.last"),
                          .steps = static_cast<int>(options.integer("lr_find.steps"))},
                         *training_backend(options), observer);
  write_file(file, lr_find_svg(result));
  fmt::print(context.out, "{} steps; the curve is in {}\n", result.curve.size(), file);
  if (result.suggestion > 0) {
    fmt::print(context.out, "the loss falls most steeply at --lr {:.2g}\n", result.suggestion);
  } else {
    fmt::print(context.out, "the loss never fell: try other rates, with --first and --last\n");
  }
  return 0;
}

}  // namespace

Command make_lr_find_command() {
  Command command = {
      .name = "lr-find",
      .summary = "Find a learning rate for a training, from a few steps with growing rates",
      .syntax = {.takes_config = true},
      .examples = {"orthrus lr-find --model pretrained/resnet-50 --num-classes 4 --data-train "
                   "train.lst --image-train images --recipe lp-ft"},
      .run = run_lr_find};
  command.options = train_table();
  command.options.add(lr_find_options());
  return command;
}

}  // namespace orthrus
