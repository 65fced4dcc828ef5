// Trainer: the training loop, with the meaning of MXNet's fit() (python/mxnet/module/base_module.py
// in MXNet 1.9.1): batches, updates, log lines, a checkpoint and a validation after each epoch. It
// is given everything ready: what is loaded and checked before lies in run.h.
//
// Everything that lives on from one step to the next is in TrainerState, which can be taken out
// after any step and put into another trainer of the same model and options; that one continues bit
// for bit.
//
// What follows when a value is not finite is in trainer_faults.cc and trainer_replay.cc.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/batch_source.h"
#include "exec/plan.h"
#include "infer/inference.h"
#include "model/model.h"
#include "tasks/weighting/weighting.h"
#include "train/best_by.h"
#include "train/checkpoint.h"
#include "train/input_statistics.h"
#include "train/non_finite.h"
#include "train/observer.h"
#include "train/optimizer.h"
#include "train/plan_feed.h"
#include "train/schedule.h"
#include "train/trained_part.h"
#include "train/weight_average.h"

namespace orthrus {

struct TrainerOptions {
  int batch_size = 1;               // as the loaders'
  Shape picture_shape;              // of the training batches; rank 0: as the part reads them
  int accumulate = 1;               // batches whose gradients make one update
  std::optional<TrainedPart> part;  // of the model; not given: all of it
  int first_epoch = 0;  // number of the checkpoint that was loaded, and of the first epoch
  int end_epoch = 1;    // the first epoch that is not trained
  // Of a training in phases, the first epoch of this one: checkpoints of earlier epochs are not for
  // this trainer, nor is the start. Not given: all of the training.
  std::optional<int> phase_epoch;
  MemoryMode memory = MemoryMode::kAuto;
  OptimizerOptions optimizer;
  double stochastic_depth = 0;      // most probability that a branch is left out; 0: none is
  double climb = 0;                 // radius of sharpness-aware minimisation; 0: none
  double average_decay = 0;         // of the weights' moving average; 0: there is none
  int averaged_epochs = 0;          // at the end, whose weights are averaged; 0: none
  std::string weighting = "fixed";  // of the tasks' losses (tasks/weighting/weighting.h)
  Schedule schedule;                // its number of updates is found from the epochs
  uint64_t seed = 0;
  std::string mxnet_prefix;                 // MXNet's files after each epoch; empty: none
  std::filesystem::path last, best;         // model files after an epoch; empty: none
  BestBy best_by;                           // which epoch's model is the best
  bool calibrate = true;                    // temperatures of the saved models, by the validation
  CheckpointFolder* checkpoints = nullptr;  // null: none are written; must outlive the trainer
  OnNan on_nan = OnNan::kStop;
  std::filesystem::path bad_steps;  // folder of bad-step files; empty: none are written
  int patience = 0;                 // ends after so many epochs without a better one; 0: never
  int speed_every = 20;             // batches between two speed lines
  // Asked after each step; kInterrupted or kTerminated ends the training there.
  std::function<std::optional<ErrorKind>()> stop;
};

class Trainer {
 public:
  // Compiles the plan for training. The batches hold what the trained part reads: pictures, or
  // where it is divided from a frozen one, features. `validation` may be null; both sources, the
  // backend and the observer must outlive the trainer.
  Trainer(Model model, BatchSource& train, BatchSource* validation, Backend& backend,
          const TrainerOptions& options, TrainObserver& observer);

  // From where it stands to the end, or to the beginning of epoch `until`; false when there was no
  // improvement for so long that the training has come to its end before. When a loss, a parameter
  // or a prediction of the validation is not finite, rolls back where the options say so, and
  // throws NonFinite otherwise; either way it names the first such step and the layer where it
  // began, found by replaying the training from its last checkpoint or its start. Throws
  // kInterrupted or kTerminated after a stop (with a checkpoint of where it stood), kResource when
  // a model cannot be written. A checkpoint that cannot be written is told to the observer, and the
  // training goes on.
  bool run();
  bool run(int until);

  // From where it stands to the end of its epoch; throws as run(), but never rolls back or replays.
  void run_epoch();
  // One update, by the gradients of TrainerOptions::accumulate batches, or of those that are left;
  // false when the epoch has no more.
  bool step();
  // What comes after an epoch's batches: log, checkpoint, validation; then the next epoch begins.
  void finish_epoch();

  [[nodiscard]] TrainerState state() const;
  // Of this training, by a trainer that was made as the one that it began with. Throws kInput for a
  // state of another network or other tasks, or when the frozen part has other values.
  void restore(const TrainerState& state);

  // Computes again a step in which a value was not finite, and tells where that begins. The
  // training cannot continue afterwards, but by restore(). Throws kInput for a step of another
  // network or other tasks.
  [[nodiscard]] std::vector<std::string> replay(const BadStep& step);

  [[nodiscard]] const Plan& plan() const { return plan_; }
  // Of what is kept for the parameters beside the plan.
  [[nodiscard]] size_t optimizer_bytes() const {
    return optimizer_.size_bytes() + average_.size_bytes();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void begin_epoch();
  // All of step() that changes the state.
  bool update_once();
  // Forward and backward of one batch; false when the epoch has no more.
  bool run_pass();
  void run_backward(const WeightingStep& step);
  [[nodiscard]] GradientMixer mixer_of(const WeightingStep& step);
  // Of the update in hand, by the pictures of its passes.
  void set_rate();
  // The number that distinguishes passes: of dropout's masks.
  [[nodiscard]] StepContext context() const;
  // Of update number `update`, counted from 1: the schedule's, halved at each rollback.
  [[nodiscard]] double learning_rate(int64_t update) const;
  void count_plateau_cuts();
  void add_metrics(int64_t batch);
  // Between forward and backward: turns the labels' weights into those of the weighted losses.
  void weigh_tasks(const WeightingStep& step);
  // During backward: the gradient at the shared features from those of the tasks.
  void mix_tasks(std::span<const std::span<const float>> gradients, std::span<float> mixed,
                 const WeightingStep& step);
  void report_speed(int64_t batch);

  // Detection (trainer_faults.cc), cheap: the losses of each pass, all parameters now and then.
  // Looks at every parameter: a ReLU may hide from the loss that one is not finite.
  void check_parameters(int64_t batch);
  // The same, and all else that a checkpoint keeps; before each save.
  void check_state(int64_t batch);
  // Looks at the averaged weights in model_.
  void check_averaged();
  [[noreturn]] void fail_non_finite(const std::string& what, int64_t batch);
  [[noreturn]] void fail_validation(const NonFinite& error, Inference& inference);
  [[nodiscard]] std::string first_bad_parameter() const;
  // The pass at hand, with the parameters as they are.
  [[nodiscard]] BadStep pass_at_hand() const;

  // Recovery: explains the error, then rolls back or throws.
  void recover(const NonFinite& error);
  [[nodiscard]] NonFinite explained(const NonFinite& error,
                                    const std::optional<TrainerState>& last);
  // `best`: best_so_far() where it failed.
  void roll_back(const NonFinite& error, std::optional<TrainerState> last, size_t best);
  // The epochs up to the one whose model is best.safetensors.
  [[nodiscard]] size_t best_so_far() const;
  // Where to go back to: `last`, or further where that was of no use before.
  [[nodiscard]] std::optional<TrainerState> rollback_target(std::optional<TrainerState> last);
  void keep_start(NamedTensors parameters);
  [[nodiscard]] std::optional<TrainerState> start_state();
  // The newest checkpoint of fewer than `below` updates that is for this trainer, or the start, or
  // else one that was written at a stop; nothing where none is there.
  [[nodiscard]] std::optional<TrainerState> last_state(int64_t below);
  [[nodiscard]] std::optional<TrainerState> newest_state(int64_t below, bool of_stops);

  // Replay (trainer_replay.cc): where it all began. Repeats the training from `last` with every
  // value checked; the first bad step, or nothing when none comes.
  struct Trace {
    BadStep before;      // the pass in work and the state before it
    std::string origin;  // layer or parameter where the first value that is not finite comes from
  };
  [[nodiscard]] std::optional<Trace> trace(const TrainerState& last, const BadStep& noticed);
  // Steps until one fails, or beyond the one that did; then says why none has.
  [[nodiscard]] std::string repeat_until(const BadStep& noticed,
                                         const std::vector<EpochReport>& known);
  // In the course of it, where a pass begins, in its parts, and after the update.
  void trace_pass();
  void trace_backward(const WeightingStep& step);
  void trace_perturbed();
  void trace_update();
  [[noreturn]] void fail_traced(const std::string& what, std::string origin,
                                bool in_update = false);
  // The first layer or statistic of forward that is not finite, on the parameters of `before`.
  [[nodiscard]] std::string origin_in_forward(const BadStep& before);
  // Updates by the gradients, and names the first parameter whose gradient is not finite.
  [[nodiscard]] std::string checked_backward(const StepContext& context, const WeightingStep& step);
  void check_step(const BadStep& step) const;
  [[nodiscard]] std::vector<std::string> replay_training(const BadStep& step);
  [[nodiscard]] std::vector<std::string> replay_validation(const BadStep& step);

  // Ends of epochs that are averaged, with the one at hand; 0: none yet.
  [[nodiscard]] int averaged_ends() const;
  // The mean of the weights at the ends of the last epochs, with BatchNorm's statistics of their
  // own; empty before these. `trained`: the plan's parameters, which it has afterwards too.
  [[nodiscard]] NamedTensors mean_of_epochs(const NamedTensors& trained);
  void save_models();
  // What the end of an epoch changes in the state.
  void count_epoch(const EpochReport& report);
  // Waits for the checkpoint that is being written; a failure is told to the observer.
  void finish_checkpoint();
  // Of where it stands; `parameters`: as they are now, or empty. `at_stop`: though none is due.
  void start_checkpoint(NamedTensors parameters = {}, bool at_stop = false);
  [[nodiscard]] TrainerState state_with(NamedTensors parameters) const;
  void put(const TrainerState& state);
  void stop_if_asked();
  // Fills in what the validation says, and gives the tasks their temperatures for the models that
  // are saved now.
  void validate(EpochReport& report);

  TrainedPart part_;
  Model model_;          // its parameters are here only while they are saved or validated
  NamedTensors frozen_;  // those that are not in the plan
  uint64_t frozen_hash_ = 0;
  BatchSource& train_;
  BatchSource* validation_;
  Backend& backend_;
  TrainerOptions options_;
  TrainObserver& observer_;
  std::unique_ptr<LossWeighting> weighting_;
  std::string mixed_layer_;  // whose gradients the weighting mixes; empty: none
  Plan plan_;
  Optimizer optimizer_;
  WeightAverage average_;
  PlanFeed feed_;
  InputStatisticsCheck statistics_check_;

  int epoch_ = 0;
  int64_t updates_ = 0;
  int pass_ = 0;               // of the update in hand
  int64_t pass_pictures_ = 0;  // real ones of its passes so far
  int rollbacks_ = 0;
  RollbackRecord rollback_;
  std::vector<EpochReport> history_;
  int plateau_cuts_ = 0;              // that follow from it
  std::optional<uint64_t> log_size_;  // while an epoch is finished: before its lines
  bool epoch_begun_ = false;
  // Where a new training starts, but for what is zero there; only until the first checkpoint or a
  // restore() where a rollback does not need it.
  std::optional<TrainerState> start_;
  std::optional<BadStep> noticed_;  // by the detection
  Trace* trace_ = nullptr;          // while the training is replayed: nothing is reported
  std::vector<MetricSums> epoch_sums_;
  std::vector<MetricSums> window_sums_;
  Clock::time_point epoch_start_;
  Clock::time_point window_start_;
  int64_t window_pictures_ = 0;
  double loading_seconds_ = 0;  // of this epoch

  // Reused from step to step.
  Batch batch_;
  std::vector<double> losses_;        // of the tasks in this step; NaN without a label
  std::vector<double> task_weights_;  // in this step
  std::vector<double> declared_weights_, mix_;
};

}  // namespace orthrus
