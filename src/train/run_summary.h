// What the files of a run's folder say about it, for lists and comparisons of runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/options.h"

namespace orthrus {

enum class RunState {
  kTraining,  // a process trains there now
  kCutOff,    // it was killed, or the machine went down
  kStopped,   // by a signal or an error; fewer epochs than asked for
  kDone,
};
[[nodiscard]] std::string to_string(RunState state);

struct TaskSummary {
  std::string task;
  std::optional<double> accuracy, loss;  // in validation, of the best epoch
};

struct RunSummary {
  std::filesystem::path folder;
  RunState state = RunState::kDone;
  int epochs = 0;               // finished ones
  int asked = 0;                // by the options, or where --patience ended it
  int best_epoch = 0;           // the number that metrics.csv has; meaningless without epochs
  std::optional<double> score;  // of that epoch, by --best-by; nothing without a validation list
  double seconds = 0;           // of training, all epochs
  std::vector<TaskSummary> tasks;
  Options options;  // of train
};

// Throws kInput when the folder holds no run (no config.toml), or its files cannot be understood.
[[nodiscard]] RunSummary summarise_run(const std::filesystem::path& folder);

// Folders in `parent` that hold a run, by name; empty when there is no such folder.
[[nodiscard]] std::vector<std::filesystem::path> run_folders(const std::filesystem::path& parent);

}  // namespace orthrus
