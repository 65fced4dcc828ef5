// `orthrus tune`: successive halving over options of a training.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/file.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/fit_to_machine.h"
#include "cli/train_observer.h"
#include "train/config_paths.h"
#include "train/options.h"
#include "train/recipes.h"
#include "train/task_options.h"
#include "train/tune.h"

namespace orthrus {

namespace {

std::vector<OptionSpec> tune_options() {
  return {
      {.key = "tune.out",
       .flag = "--out",
       .default_text = "tune",
       .value_name = "DIR",
       .help = "Folder of the trials, each a run, and of best.toml. A search that was interrupted "
               "goes on there.",
       .group = "Search"},
      {.key = "tune.first_epochs",
       .flag = "--first-epochs",
       .type = OptionType::kInteger,
       .default_text = "1",
       .min = 1,
       .help = "Epochs of every trial; the better half goes on for twice as many, up to "
               "--num-epoch.",
       .group = "Search"},
      {.key = "tune.axes",
       .flag = "--tune",
       .type = OptionType::kList,
       .value_name = "KEY=V,V,...",
       .help =
           "Values to be tried for an option, by its key; may be given several times, and every "
           "combination is a trial.",
       .group = "Search"},
  };
}

// What `options` say of a training.
Options training_options(const Options& options) {
  Options training(train_table());
  for (const OptionSpec& spec : training.table().specs()) {
    if (!options.given(spec.key)) continue;
    const std::vector<std::string> values = spec.type == OptionType::kList
                                                ? options.list(spec.key)
                                                : std::vector{options.text(spec.key)};
    training.set(spec.key, values, options.origin(spec.key), options.where(spec.key));
  }
  for (const OptionSection& section : training.table().sections()) {
    training.replace_section(section.name, options.section(section.name));
  }
  return training;
}

int run_tune(const Options& parsed, CommandContext& context) {
  const Options options = with_declared_tasks(with_recipe(with_located_paths(parsed)));
  const Options training = training_options(options);
  refuse_what_depends_on_machine(training, "orthrus tune");
  const std::filesystem::path folder = options.text("tune.out");
  check_writable_folder(folder);
  check_replaceable(folder / "best.toml");
  Log log(&context.terminal);
  ConsoleObserver observer(context.terminal, log, training.integer("data.batch_size"));
  const StopSignals signals("stopping after this step; once more to stop at once\n");
  const std::vector<Trial> trials =
      tune(training,
           {.axes = tune_axes(options.list("tune.axes"), training.table()),
            .folder = folder,
            .first_epochs = static_cast<int>(options.integer("tune.first_epochs"))},
           *training_backend(training), observer, [&signals] { return stop_kind(signals); });
  const std::string metric = training.text("train.best_by");
  const size_t width = std::max<size_t>(metric.size(), 9);
  fmt::print(context.out, "{:<7} {:>6} {:>{}}  {}\n", "trial", "epochs", metric, width, "settings");
  for (const Trial& trial : trials) {
    fmt::print(context.out, "{:<7} {:>6} {:>{}}  {}\n", trial.number, trial.epochs,
               trial.score ? fmt::format("{:.4f}", *trial.score) : "-", width,
               settings_text(trial));
  }
  fmt::print(context.out, "the best one: orthrus train {}\n", (folder / "best.toml").string());
  return 0;
}

}  // namespace

Command make_tune_command() {
  Command command = {
      .name = "tune",
      .summary = "Search for good options of a training by successive halving",
      .syntax = {.takes_config = true},
      .examples = {"orthrus tune mine.toml --recipe quick --tune optimizer.lr=0.0003,0.001,0.003 "
                   "--tune optimizer.weight_decay=0,0.01"},
      .run = run_tune};
  command.options = train_table();
  command.options.add(tune_options());
  return command;
}

}  // namespace orthrus
