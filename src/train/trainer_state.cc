// A trainer's state: taken out for checkpoints, put back by a resume or a rollback.
#include <algorithm>

#include "train/trainer.h"

namespace orthrus {

void Trainer::finish_checkpoint() {
  try {
    options_.checkpoints->finish();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kResource) throw;
    observer_.warn(error.message() + "; the training goes on without that checkpoint");
  }
}

void Trainer::start_checkpoint(NamedTensors parameters, bool at_stop) {
  finish_checkpoint();  // the one before
  // The checkpoint takes its place, and two copies at once would raise the peak of memory.
  if (options_.on_nan == OnNan::kStop) start_.reset();
  try {
    TrainerState state = state_with(std::move(parameters));
    if (at_stop) state.stopped_after = options_.checkpoints->last_due();
    options_.checkpoints->start_write(std::move(state));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kResource) throw;
    observer_.warn(error.message() + "; the training goes on without that checkpoint");
  }
}

void Trainer::stop_if_asked() {
  if (!options_.stop) return;
  const std::optional<ErrorKind> kind = options_.stop();
  if (!kind) return;
  std::string hint;
  if (options_.checkpoints != nullptr) {
    // One that was due here stays: it holds the same, or leads here again.
    if (epoch_begun_ && (updates_ == 0 || updates_ != options_.checkpoints->last_due())) {
      check_state(static_cast<int64_t>(train_.state().batch));
      start_checkpoint({}, true);
    }
    options_.checkpoints->finish();
    hint = "continue with the same command and --resume";
  }
  throw Error(*kind, fmt::format("stopped in epoch {} after {} updates", epoch_, updates_), hint);
}

TrainerState Trainer::state() const {
  return state_with({});
}

TrainerState Trainer::state_with(NamedTensors parameters) const {
  TrainerState state{.epoch = epoch_,
                     .loader = train_.state(),
                     .updates = updates_,
                     .parameters = std::move(parameters),
                     .momentum = optimizer_.first_moments(),
                     .second_moment = optimizer_.second_moments(),
                     .average = average_.values(),
                     .epoch_sums = epoch_sums_,
                     .window_sums = window_sums_,
                     .history = history_,
                     .rollbacks = rollbacks_,
                     .rollback = rollback_,
                     .log_size = log_size_.value_or(observer_.log_size()),
                     .weighting = weighting_->state(),
                     .task_weights = task_weights_,
                     .frozen = frozen_hash_};
  if (!epoch_begun_) {
    state.loader = {.epoch = static_cast<uint64_t>(epoch_), .batch = 0};
    state.epoch_sums.assign(model_.tasks.size(), MetricSums{});
    state.window_sums.assign(model_.tasks.size(), MetricSums{});
  }
  if (state.parameters.empty()) plan_.store_parameters(state.parameters);
  return state;
}

void Trainer::restore(const TrainerState& state) {
  if (state.epoch_sums.size() != model_.tasks.size() ||
      state.window_sums.size() != model_.tasks.size()) {
    throw input_error("it is of {} tasks, this training has {}", state.epoch_sums.size(),
                      model_.tasks.size());
  }
  if (state.frozen != frozen_hash_) {
    throw input_error("the frozen part of the network is not the one that was trained on")
        .with_hint("give the same --model, --train and --bn as before");
  }
  put(state);
  rollback_ = state.rollback;
  rollback_.best_from = std::min(rollback_.best_from, history_.size());
  if (options_.on_nan == OnNan::kStop) start_.reset();
}

void Trainer::put(const TrainerState& state) {
  plan_.load_parameters(state.parameters);
  optimizer_.restore(state.momentum, state.second_moment);
  average_.restore(state.average);
  weighting_->restore(state.weighting);
  if (state.task_weights.size() == task_weights_.size()) task_weights_ = state.task_weights;
  epoch_ = state.epoch;
  updates_ = state.updates;
  pass_ = 0;
  rollbacks_ = state.rollbacks;
  history_ = state.history;
  count_plateau_cuts();
  log_size_.reset();
  begin_epoch();
  train_.restore(state.loader);
  epoch_sums_ = state.epoch_sums;
  window_sums_ = state.window_sums;
}

}  // namespace orthrus
