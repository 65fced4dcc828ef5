// `orthrus train`: options to a request, a training's reports to terminal and log file.
#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "backend/backend.h"
#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "infer/options.h"
#include "train/options.h"
#include "train/run_options.h"
#include "train/task_options.h"

namespace orthrus {

namespace {

std::string task_text(const std::vector<MetricSums>& sums) {
  std::string text;
  for (size_t task = 0; task < sums.size(); ++task) {
    text += fmt::format("{}task{} loss {:.3f} acc {:.1f}%", task == 0 ? "" : ", ", task,
                        sums[task].mean_loss(), 100 * sums[task].accuracy());
  }
  return text;
}

// A bar where the terminal can draw one, MXNet's lines where it cannot; train.log has them always.
class ConsoleObserver : public TrainObserver {
 public:
  ConsoleObserver(Terminal& terminal, Log& log, int64_t pictures)
      : terminal_(terminal), log_(log), pictures_(pictures) {}

  void log(std::string_view line) override {
    log_.add(terminal_.traits().animated ? LogLevel::kDetail : LogLevel::kInfo, line);
  }
  void note(std::string_view text) override { log_.add(LogLevel::kInfo, text); }
  void warn(std::string_view text) override { log_.add(LogLevel::kWarning, text); }

  void after_step(const StepReport& report) override {
    if (!terminal_.traits().animated) return;
    if (!progress_) {
      progress_ = std::make_unique<Progress>(
          terminal_, fmt::format("epoch {}/{}", report.epoch + 1, report.end_epoch),
          report.batches * pictures_);
    }
    progress_->advance(pictures_, task_text(report.epoch_sums));
    if (report.batch == report.batches) {
      progress_->finish(task_text(report.epoch_sums));
      progress_.reset();
    }
  }

  [[nodiscard]] uint64_t log_size() const override { return log_.file_size(); }
  void resumed(const TrainerState& state) override { log_.cut_file(state.log_size); }

  void after_epoch(const EpochReport& report) override {
    if (!terminal_.traits().animated || report.validation.empty()) return;
    log_.info("epoch {}: validation {}", report.epoch + 1, task_text(report.validation));
  }

 private:
  Terminal& terminal_;
  Log& log_;
  int64_t pictures_;  // of a batch
  std::unique_ptr<Progress> progress_;
};

std::optional<ErrorKind> kind_of(const StopSignals& signals) {
  if (!signals.requested()) return std::nullopt;
  return signals.signal() == SIGTERM ? ErrorKind::kTerminated : ErrorKind::kInterrupted;
}

int run_train(const Options& given, CommandContext& context) {
  Options options = with_declared_tasks(given);
  TrainRequest request = train_request(options);
  const std::unique_ptr<RunFolder> folder = open_run_folder(given);
  if (!options.has("train.save_result")) options.resolve("train.run", folder->path().string());
  options.resolve("threads", std::to_string(request.threads));
  if (!request.mxnet_name.empty()) options.resolve("train.save_name", request.mxnet_name);
  const DType activations = activation_type(given);
  options.resolve("precision", std::string(name_of(activations)));
  // The file describes the run, not how it was gone on with.
  for (const char* key : {"train.resume", "train.force"}) options.resolve(key, "off");
  request.config = options_toml(options, "orthrus train");

  Log log(&context.terminal);
  log.open_file(folder->log());
  if (!folder->lock_note().empty()) log.info("{}", folder->lock_note());
  if (!options.text("train.gpus").empty()) {
    log.warning("--gpus {}: this build has no GPU backend; training runs on the CPU",
                options.text("train.gpus"));
  }
  log.info("run folder {}; {} threads, batch size {}", folder->path().string(), request.threads,
           request.loader.batch_size);
  if (const std::string note = precision_note(given); !note.empty()) log.info("{}", note);

  const StopSignals signals("stopping after this step; once more to stop at once\n");
  request.stop = [&signals] { return kind_of(signals); };
  const std::unique_ptr<Backend> backend =
      make_cpu_backend({.winograd = !given.boolean("train.exact"), .activations = activations});
  ConsoleObserver observer(context.terminal, log, request.loader.batch_size);
  try {
    run_training(request, *folder, *backend, observer);
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
