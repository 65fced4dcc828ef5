// Trainer: the training loop, with the meaning of MXNet's fit() (python/mxnet/module/base_module.py
// in MXNet 1.9.1): batches, updates, log lines, a checkpoint and a validation after each epoch. It
// is given everything ready: what is loaded and checked before lies in run.h.
//
// Everything that lives on from one step to the next is in TrainerState, which can be taken out
// after any step and put into another trainer of the same model and options; that one continues bit
// for bit.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/loader.h"
#include "exec/plan.h"
#include "infer/inference.h"
#include "model/model.h"
#include "train/checkpoint.h"
#include "train/input_statistics.h"
#include "train/observer.h"
#include "train/schedule.h"
#include "train/sgd.h"

namespace orthrus {

struct TrainerOptions {
  int batch_size = 1;   // as the loaders'
  int first_epoch = 0;  // number of the checkpoint that was loaded, and of the first epoch
  int end_epoch = 1;    // the first epoch that is not trained
  SgdOptions sgd;
  MultiFactorSchedule schedule;
  uint64_t seed = 0;
  std::string save_prefix;                  // of the models saved each epoch; empty: none are
  CheckpointFolder* checkpoints = nullptr;  // null: none are written; must outlive the trainer
  int speed_every = 20;                     // batches between two speed lines
  // Asked after each step; kInterrupted or kTerminated ends the training there.
  std::function<std::optional<ErrorKind>()> stop;
};

class Trainer {
 public:
  // Compiles the plan for training. `validation` may be null; both loaders, the backend and the
  // observer must outlive the trainer.
  Trainer(Model model, Loader& train, Loader* validation, Backend& backend,
          const TrainerOptions& options, TrainObserver& observer);

  // From where it stands to the end. Throws kInput when the loss is not finite (naming the layer
  // where that began), kInterrupted or kTerminated after a stop (with a checkpoint of where it
  // stood), kResource when a file cannot be written.
  void run();

  // One batch; false when the epoch has no more.
  bool step();
  // What comes after an epoch's batches: log, checkpoint, validation; then the next epoch begins.
  void finish_epoch();

  [[nodiscard]] TrainerState state() const;
  // Throws kInput when tensors are missing or have another shape.
  void restore(const TrainerState& state);

  [[nodiscard]] const Plan& plan() const { return plan_; }

 private:
  using Clock = std::chrono::steady_clock;

  void begin_epoch();
  void feed(const Batch& batch);
  void add_metrics(int64_t batch);
  void report_speed(int64_t batch);
  // Looks at every parameter: a ReLU may hide from the loss that one is no longer a number. Run
  // before every save, so that no checkpoint is spoilt.
  void check_parameters(int64_t batch);
  [[noreturn]] void fail_non_finite(const std::string& what, int64_t batch);
  void write_checkpoint();
  void stop_if_asked();
  [[nodiscard]] std::vector<MetricSums> validate();

  Model model_;  // its parameters are in the plan; here only while they are saved or validated
  Loader& train_;
  Loader* validation_;
  Backend& backend_;
  TrainerOptions options_;
  TrainObserver& observer_;
  Plan plan_;
  Sgd sgd_;
  InputStatisticsCheck statistics_check_;

  int epoch_ = 0;
  int64_t updates_ = 0;
  bool epoch_begun_ = false;
  std::vector<MetricSums> epoch_sums_;
  std::vector<MetricSums> window_sums_;
  Clock::time_point epoch_start_;
  Clock::time_point window_start_;
  int64_t window_pictures_ = 0;
  double loading_seconds_ = 0;  // of this epoch

  // Reused from step to step.
  Batch batch_;
  struct TaskBuffers {
    std::span<float> labels;  // inputs of the plan
    std::span<float> weights;
  };
  std::span<float> images_;
  std::vector<TaskBuffers> task_buffers_;
};

}  // namespace orthrus
