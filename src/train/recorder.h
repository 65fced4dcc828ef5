// RunRecorder: writes what an observer is told into the run's folder (metrics.csv, TensorBoard
// events), and passes it on. A file that cannot be written is told once; the training goes on.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "tasks/task.h"
#include "train/event_file.h"
#include "train/observer.h"
#include "train/run_folder.h"
#include "train/step_losses.h"

namespace orthrus {

class RunRecorder : public ForwardingObserver {
 public:
  // Folder and target must outlive it.
  RunRecorder(const RunFolder& folder, std::vector<Task> tasks, TrainObserver& target);

  void after_step(const StepReport& report) override;
  void after_epoch(const EpochReport& report) override;
  void resumed(const TrainerState& state) override {
    go_back(state);
    ForwardingObserver::resumed(state);
  }
  void rolled_back(const TrainerState& state) override {
    go_back(state);
    ForwardingObserver::rolled_back(state);
  }

 private:
  using Clock = std::chrono::steady_clock;

  // Runs `write`; after the first failure nothing more is recorded.
  template <typename Write>
  void record(Write write);
  EventFile& events(int64_t next_update);
  void go_back(const TrainerState& state);

  const RunFolder& folder_;
  std::vector<Task> tasks_;
  std::vector<EpochReport> history_;
  StepLosses step_losses_;
  std::unique_ptr<EventFile> events_;
  Clock::time_point last_flush_ = Clock::now();
  bool failed_ = false;
};

}  // namespace orthrus
