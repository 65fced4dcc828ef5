// `orthrus train`: options to a request, a training's reports to terminal and log file.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/fit_to_machine.h"
#include "cli/held_out.h"
#include "cli/train_observer.h"
#include "infer/compute.h"
#include "infer/options.h"
#include "train/config_paths.h"
#include "train/default_tasks.h"
#include "train/dry_run.h"
#include "train/options.h"
#include "train/recipes.h"
#include "train/run_options.h"
#include "train/task_options.h"

namespace orthrus {

namespace {

// config.toml stands on its own: it names what --tasks auto chose.
void write_down_tasks(const TrainRequest& request, Options& options) {
  if (options.text("tasks.preset") == "declared") return;
  if (request.own_tasks) return options.resolve("tasks.preset", "model");
  const ResolvedTasks resolved = resolve_tasks(options);
  options.resolve("tasks.preset", resolved.preset);
  if (!resolved.columns.empty()) {
    options.set("data.label_column", resolved.columns, OptionOrigin::kResolved, "");
  }
}

int run_dry(Options options, CommandContext& context) {
  for (const char* key : {"train.resume", "train.replay"}) {
    if (!options.given(key)) continue;
    throw usage_error("{} and {} exclude each other", options.where("train.dry_run"),
                      options.where(key));
  }
  Log log(&context.terminal);
  const std::unique_ptr<Backend> backend = training_backend(options);
  ConsoleObserver observer(context.terminal, log, 1);
  for (const std::string& note : fit_to_machine(options, {}, *backend, observer)) {
    observer.note(note);
  }
  dry_run(train_request(options), *backend, observer);
  return 0;
}

int run_train(const Options& parsed, CommandContext& context) {
  const Options given = with_recipe(with_located_paths(parsed));
  Options options = with_declared_tasks(with_former_tasks(given));
  TrainRequest request = train_request(provisional(options));
  if (given.boolean("train.dry_run")) return run_dry(options, context);
  const std::unique_ptr<RunFolder> folder = open_run_folder(given);
  Log log(&context.terminal);
  const std::unique_ptr<Backend> backend = training_backend(given);
  std::vector<std::string> fitted;
  if (depends_on_machine(options)) {
    ConsoleObserver observer(context.terminal, log, 1);
    fitted = fit_to_machine(options, folder->config(), *backend, observer);
    request = train_request(options);
  }
  if (!options.has("train.save_result")) options.resolve("train.run", folder->path().string());
  options.resolve("threads", std::to_string(request.threads));
  if (!request.mxnet_name.empty()) options.resolve("train.save_name", request.mxnet_name);
  write_down_tasks(request, options);
  options.resolve("precision", std::string(name_of(activation_type(given))));
  request.started_in = settle_paths(*folder, options);
  // The file describes the run, not how it was gone on with.
  for (const char* key : {"train.resume", "train.force"}) options.resolve(key, "off");
  request.config = options_toml(options, "orthrus train");

  log.open_file(folder->log());
  if (!folder->lock_note().empty()) log.info("{}", folder->lock_note());
  log.info("run folder {}; {} threads, batch size {}", folder->path().string(), request.threads,
           request.loader.batch_size);
  for (const std::string& note : fitted) log.info("{}", note);
  for (const std::string& note : compute_notes(given)) log.info("{}", note);

  const StopSignals signals("stopping after this step; once more to stop at once\n");
  request.stop = [&signals] { return stop_kind(signals); };
  ConsoleObserver observer(context.terminal, log, request.loader.batch_size);
  try {
    run_training(request, *folder, *backend, observer);
    if (request.test && request.replay.empty()) {
      evaluate_held_out(*request.test, *folder, options, *backend, signals, context.terminal, log);
    }
  } catch (const Error& error) {
    // main() tells the terminal; the log file tells whoever looks later.
    Log file_only(nullptr);
    file_only.open_file(folder->log());
    file_only.warning("{}", error.message());
    throw;
  }
  return 0;
}

}  // namespace

Command make_train_command() {
  Command command = {
      .name = "train",
      .summary = "Fine-tune a pretrained network into a multi-task classifier",
      .syntax = {.takes_config = true},
      .examples = {"orthrus train --model pretrained/resnet-50 --epoch 0 --num-classes 4 "
                   "--data-train train.lst --image-train images --data-val val.lst "
                   "--image-val images --save-result out --save-name resnet-50"},
      .run = run_train};
  command.options = train_table();
  return command;
}

}  // namespace orthrus
