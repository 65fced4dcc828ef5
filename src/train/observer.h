// What a training tells the outside while it runs. The library prints nothing: whoever starts a
// training passes an observer that writes the log, draws the progress bar, or collects for a test.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tasks/metrics.h"
#include "train/trainer_state.h"

namespace orthrus {

// After each step.
struct StepReport {
  int epoch = 0;
  int end_epoch = 0;    // the first one that is not trained
  int64_t batch = 0;    // of the epoch, from 1
  int64_t batches = 0;  // of an epoch
  int64_t update = 0;   // of this training, from 1
  int pictures = 0;     // real ones of this batch
  double learning_rate = 0;
  std::vector<MetricSums> epoch_sums;  // of each task, over this epoch so far
};

class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  // A line as MXNet's fit() logs it, without a newline: "Epoch[0] Time cost=12.345".
  virtual void log(std::string_view line) = 0;
  // Something a person should know, but no script waits for.
  virtual void note(std::string_view text) = 0;
  virtual void warn(std::string_view text) = 0;
  // Something to be seen in the terminal as the training starts, and no part of the log.
  virtual void announce(std::string_view text) { (void)text; }
  // What these two throw ends the training.
  virtual void after_step(const StepReport& report) = 0;
  virtual void after_epoch(const EpochReport& report) = 0;
  // Bytes of the log so far; a checkpoint keeps the number.
  [[nodiscard]] virtual uint64_t log_size() const { return 0; }
  // A longer piece of work before the first step: `done` of `total` pictures.
  virtual void progress(std::string_view what, int64_t done, int64_t total) {
    (void)what, (void)done, (void)total;
  }
  // The training now stands where `state` was taken, by --resume or by --on-nan rollback: what was
  // told of later steps is void, and will be told again.
  virtual void resumed(const TrainerState& state) { (void)state; }
  virtual void rolled_back(const TrainerState& state) { (void)state; }
};

// Passes everything on: a base for observers that add something to it.
class ForwardingObserver : public TrainObserver {
 public:
  explicit ForwardingObserver(TrainObserver& target) : target_(target) {}  // must outlive it

  void log(std::string_view line) override { target_.log(line); }
  void note(std::string_view text) override { target_.note(text); }
  void warn(std::string_view text) override { target_.warn(text); }
  void announce(std::string_view text) override { target_.announce(text); }
  void after_step(const StepReport& report) override { target_.after_step(report); }
  void after_epoch(const EpochReport& report) override { target_.after_epoch(report); }
  void progress(std::string_view what, int64_t done, int64_t total) override {
    target_.progress(what, done, total);
  }
  [[nodiscard]] uint64_t log_size() const override { return target_.log_size(); }
  void resumed(const TrainerState& state) override { target_.resumed(state); }
  void rolled_back(const TrainerState& state) override { target_.rolled_back(state); }

 private:
  TrainObserver& target_;
};

// Passes warnings and progress on, and keeps the rest to itself: for a training within another
// piece of work.
class QuietObserver : public ForwardingObserver {
 public:
  using ForwardingObserver::ForwardingObserver;

  void log(std::string_view) override {}
  void note(std::string_view) override {}
  void announce(std::string_view) override {}
  void after_step(const StepReport&) override {}
  void after_epoch(const EpochReport&) override {}
  [[nodiscard]] uint64_t log_size() const override { return 0; }
  void resumed(const TrainerState&) override {}
  void rolled_back(const TrainerState&) override {}
};

}  // namespace orthrus
