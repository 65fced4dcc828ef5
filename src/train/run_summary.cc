#include "train/run_summary.h"

#include <algorithm>

#include "base/error.h"
#include "base/file_lock.h"
#include "base/options_parse.h"
#include "train/best_by.h"
#include "train/metrics_file.h"
#include "train/options.h"
#include "train/run_folder.h"

namespace orthrus {
namespace {

void add_metrics(const Metrics& metrics, RunSummary& run) {
  run.epochs = static_cast<int>(metrics.history.size());
  if (run.epochs == 0) return;
  for (const EpochReport& epoch : metrics.history) run.seconds += epoch.seconds;
  const BestBy best_by(run.options.text("train.best_by"), run.options.where("train.best_by"));
  const auto patience = static_cast<int>(run.options.integer("train.patience"));
  if (has_stalled(metrics.history, best_by.higher_is_better(), patience)) run.asked = run.epochs;
  const EpochReport& best =
      metrics.history[static_cast<size_t>(best_epoch(metrics.history, best_by.higher_is_better()))];
  run.best_epoch = best.epoch;
  run.score = best.score;
  for (size_t task = 0; task < metrics.tasks.size(); ++task) {
    run.tasks.push_back({.task = metrics.tasks[task], .accuracy = {}, .loss = {}});
    const MetricSums& sums = best.validation[task];
    if (sums.weight <= 0) continue;
    run.tasks.back().accuracy = sums.accuracy();
    run.tasks.back().loss = sums.mean_loss();
  }
}

RunState state_of(const RunSummary& run) {
  const std::filesystem::path lock = RunFolder::lock_path(run.folder);
  if (FileLock::is_held(lock)) return RunState::kTraining;
  if (run.epochs >= run.asked) return RunState::kDone;
  return std::filesystem::exists(lock) ? RunState::kCutOff : RunState::kStopped;
}

}  // namespace

std::string to_string(RunState state) {
  switch (state) {
    case RunState::kTraining:
      return "training";
    case RunState::kCutOff:
      return "cut off";
    case RunState::kStopped:
      return "stopped";
    case RunState::kDone:
      return "done";
  }
  return "";
}

RunSummary summarise_run(const std::filesystem::path& folder) {
  RunSummary run{.folder = folder, .tasks = {}, .options = Options(train_table())};
  const std::filesystem::path config = folder / "config.toml";
  std::error_code ignored;
  if (!std::filesystem::exists(config, ignored)) {
    throw input_error("'{}' holds no run: there is no config.toml in it", folder.string());
  }
  try {
    read_option_file(config, run.options);
  } catch (const Error& error) {
    throw input_error("{}", error.message()).with_hint("another version of Orthrus wrote that run");
  }
  run.asked =
      static_cast<int>(run.options.integer("train.num_epoch") - run.options.integer("model.epoch"));
  if (run.options.text("finetune.solver") == "lbfgs") run.asked = 1;
  const std::filesystem::path metrics = folder / "metrics.csv";
  if (std::filesystem::exists(metrics, ignored)) add_metrics(read_metrics(metrics), run);
  run.state = state_of(run);
  return run;
}

std::vector<std::filesystem::path> run_folders(const std::filesystem::path& parent) {
  std::vector<std::filesystem::path> folders;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(parent, none)) {
    std::error_code ignored;
    if (std::filesystem::exists(entry.path() / "config.toml", ignored)) {
      folders.push_back(entry.path());
    }
  }
  std::ranges::sort(folders);
  return folders;
}

}  // namespace orthrus
