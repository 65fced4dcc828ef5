// What the tests of training share: an observer that remembers.
#pragma once

#include <string>
#include <vector>

#include "model/networks.h"
#include "train/trainer.h"

namespace orthrus::testing {

class RecordingObserver : public TrainObserver {
 public:
  void log(std::string_view line) override { lines.emplace_back(line); }
  void note(std::string_view text) override { notes.emplace_back(text); }
  void warn(std::string_view text) override { warnings.emplace_back(text); }
  void after_step(const StepReport& report) override { steps.push_back(report); }
  void after_epoch(const EpochReport& report) override { epochs.push_back(report); }
  [[nodiscard]] uint64_t log_size() const override { return 17; }
  void resumed(const TrainerState& state) override { resumed_states.push_back(state); }

  std::vector<std::string> lines;
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
  std::vector<StepReport> steps;
  std::vector<EpochReport> epochs;
  std::vector<TrainerState> resumed_states;
};

}  // namespace orthrus::testing
