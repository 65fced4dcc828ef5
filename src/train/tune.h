// Search by successive halving (Jamieson and Talwalkar 2016, arXiv:1502.07943): every combination
// of values is trained for a few epochs, the better half goes on for twice as many, and so on. Each
// trial is a run of its own that is resumed, so an interrupted search goes on where it was.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/error.h"
#include "base/options.h"
#include "train/observer.h"

namespace orthrus {

// Values to be tried for one option.
struct TuneAxis {
  std::string key;  // "optimizer.lr"
  std::vector<std::string> values;
};

// From texts of which each with a '=' begins an axis and the others are its further values, as
// `--tune optimizer.lr=0.001,0.01` gives them. Throws kUsage, with "did you mean" for an unknown
// key.
[[nodiscard]] std::vector<TuneAxis> tune_axes(const std::vector<std::string>& texts,
                                              const OptionTable& table);

struct TuneOptions {
  std::vector<TuneAxis> axes;
  std::filesystem::path folder;  // trial-001, trial-002, ... and best.toml go there
  int first_epochs = 1;          // of every trial
};

struct Trial {
  int number = 0;  // from 1
  std::vector<std::pair<std::string, std::string>> settings;
  int epochs = 0;
  std::optional<double> score;  // of the best epoch, by --best-by; nothing after NaN
};

// "optimizer.lr=0.01 optimizer.weight_decay=0"
[[nodiscard]] std::string settings_text(const Trial& trial);

// `options`: of the training, with a validation list and as many epochs as the last trials get.
// The trials with the best ones first, by the options' --best-by. Tells `observer` a line per trial
// and round. Throws kUsage and what run_training() throws, but for losses that are no numbers; and
// kInput when no trial has a finite score.
[[nodiscard]] std::vector<Trial> tune(const Options& options, const TuneOptions& tuning,
                                      Backend& backend, TrainObserver& observer,
                                      const std::function<std::optional<ErrorKind>()>& stop);

}  // namespace orthrus
