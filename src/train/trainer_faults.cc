// The trainer where values are no longer finite: how that is noticed, and the way back to a
// checkpoint or to the start. Where it began is found by trainer_replay.cc.
#include <algorithm>
#include <cmath>

#include "train/trainer.h"

namespace orthrus {
namespace {

constexpr int kMaxRollbacks = 10;
// Of one state. One whose weights or momentum are too large already fails at any learning rate.
constexpr int kMaxTries = 2;
// Updates, or half an epoch where that is less: a failure so soon after the place of the one before
// has the same cause, and checkpoints written in between are no better.
constexpr int64_t kSameCause = 10;

Error non_finite_error(const BadStep& step, const std::string& origin) {
  return input_error("epoch {}, batch {}{}: {}{}", step.epoch, step.batch,
                     step.validation ? " of the validation" : "", step.what,
                     origin.empty() ? "" : fmt::format("; it began in '{}'", origin));
}

}  // namespace

std::string Trainer::first_bad_parameter() const {
  for (const PlanParameter& parameter : plan_.parameters()) {
    const BufferDesc desc = plain_desc({std::ssize(parameter.values)});
    if (!plan_.device().all_finite(desc, std::as_bytes(parameter.values).data())) {
      return parameter.name;
    }
  }
  return {};
}

void Trainer::check_parameters(int64_t batch) {
  const std::string name = first_bad_parameter();
  if (name.empty()) return;
  fail_non_finite(fmt::format("a value of '{}' is not a finite number", name), batch);
}

void Trainer::check_state(int64_t batch) {
  check_parameters(batch);
  const std::string name = optimizer_.first_not_finite();
  if (!name.empty()) {
    fail_non_finite(fmt::format("the optimizer's state of '{}' is not finite", name), batch);
  }
  if (!std::ranges::all_of(weighting_->state(), [](double v) { return std::isfinite(v); })) {
    fail_non_finite("a weight of the tasks' losses is not a finite number", batch);
  }
}

void Trainer::check_averaged() {
  for (const auto& [name, tensor] : model_.parameters) {
    if (std::ranges::all_of(tensor.data(), [](float v) { return std::isfinite(v); })) continue;
    throw NonFinite(
        input_error("epoch {}: a value of '{}' in the averaged weights is not a finite number",
                    epoch_, name)
            .with_hint("lower --lr"));
  }
}

BadStep Trainer::pass_at_hand() const {
  BadStep step{.epoch = epoch_,
               .batch = static_cast<int64_t>(train_.state().batch),
               .step = static_cast<int64_t>(context().step),
               .updates = updates_,
               .seed = options_.seed,
               .learning_rate = learning_rate(updates_ + 1),
               .what = {},
               .weighting = weighting_->state(),
               .data = batch_};
  plan_.store_parameters(step.parameters);
  return step;
}

void Trainer::fail_non_finite(const std::string& what, int64_t batch) {
  if (trace_ != nullptr) fail_traced(what, origin_in_forward(trace_->before));
  BadStep step = pass_at_hand();
  step.batch = batch;
  step.what = what;
  const Error error = non_finite_error(step, plan_.find_non_finite(context()));
  if (!options_.bad_steps.empty()) noticed_ = std::move(step);
  throw NonFinite(error.with_hint("lower --lr, or look at the images of that batch"));
}

void Trainer::fail_validation(const NonFinite& error, Inference& inference) {
  BadStep step = pass_at_hand();
  const LoaderState at = validation_->state();
  step.batch = static_cast<int64_t>(at.batch);
  step.what = error.message();
  step.traced = step.validation = true;
  const Error told = non_finite_error(step, inference.find_non_finite());
  if (!options_.bad_steps.empty()) {
    // The weights that were validated may be averages.
    for (auto& [name, tensor] : step.parameters) tensor = model_.parameters.at(name);
    validation_->restore({.epoch = at.epoch, .batch = at.batch - 1});
    if (validation_->next(step.data)) noticed_ = std::move(step);
  }
  throw NonFinite(told.with_hint("lower --lr, or look at the images of that batch"));
}

void Trainer::recover(const NonFinite& error) {
  model_.parameters.clear();  // of an end of an epoch that is not reached
  const size_t best = best_so_far();
  std::optional<TrainerState> last;
  const bool is_replayed = noticed_ && !noticed_->validation;
  if (is_replayed || options_.on_nan == OnNan::kRollback) last = last_state(updates_ + 1);
  const NonFinite known = explained(error, last);
  if (options_.on_nan != OnNan::kRollback) throw NonFinite(known);
  roll_back(known, std::move(last), best);
}

NonFinite Trainer::explained(const NonFinite& error, const std::optional<TrainerState>& last) {
  if (!noticed_) return error;
  BadStep step = std::move(*noticed_);
  noticed_.reset();
  Error told = error;
  if (!step.validation && !last) {
    observer_.warn("where that began is not known: there is no checkpoint to replay from");
  } else if (!step.validation) {
    if (std::optional<Trace> found = trace(*last, step)) {
      step = std::move(found->before);
      told = non_finite_error(step, found->origin);
    }
  }
  std::string hint = fmt::format("lower --lr, which is {}{}, or look at the images of that batch",
                                 std::ldexp(options_.schedule.base, -rollbacks_),
                                 rollbacks_ == 0 ? "" : " by now");
  const std::filesystem::path file =
      options_.bad_steps / fmt::format("bad-step-{:010}.safetensors", step.updates);
  try {
    write_bad_step(file, std::move(step));
    hint += fmt::format("; 'orthrus train {} --replay {}' computes it again",
                        options_.bad_steps.string(), file.string());
  } catch (const Error& failure) {
    observer_.warn(failure.message());
  }
  return NonFinite(told.with_hint(hint));
}

std::optional<TrainerState> Trainer::rollback_target(std::optional<TrainerState> last) {
  const int64_t half_epoch = updates_per_epoch(train_.batches_per_epoch(), options_.accumulate) / 2;
  const bool same_cause =
      rollback_.to >= 0 && updates_ <= rollback_.failed_at + std::min(kSameCause, half_epoch);
  rollback_.failed_at = updates_;
  if (!same_cause) {
    rollback_.tries = 0;
  } else if (last && last->updates > rollback_.to) {
    last = last_state(rollback_.to + 1);
  }
  if (last && rollback_.tries >= kMaxTries) {
    if (std::optional<TrainerState> before = last_state(last->updates)) last = std::move(before);
  }
  if (!last) return last;
  rollback_.tries = same_cause && last->updates == rollback_.to ? rollback_.tries + 1 : 1;
  rollback_.to = last->updates;
  return last;
}

size_t Trainer::best_so_far() const {
  const auto rivals = std::span(history_).subspan(rollback_.best_from);
  const int best = best_epoch(rivals, options_.best_by.higher_is_better());
  return rollback_.best_from + static_cast<size_t>(best + 1);
}

void Trainer::roll_back(const NonFinite& error, std::optional<TrainerState> last, size_t best) {
  last = rollback_target(std::move(last));
  if (!last || rollbacks_ >= kMaxRollbacks) {
    const std::string why =
        last ? fmt::format("the learning rate was halved {} times", kMaxRollbacks)
             : "there is no checkpoint to go back to";
    throw NonFinite(Error(error.kind(), error.message(), why + "; " + error.hint()));
  }
  last->rollbacks = rollbacks_ + 1;
  put(*last);
  if (best > history_.size()) rollback_.best_from = history_.size();
  observer_.warn(fmt::format("{}; back to {}, with the learning rate halved: --lr {} by now",
                             error.message(),
                             updates_ == 0 ? "the start" : fmt::format("update {}", updates_),
                             std::ldexp(options_.schedule.base, -rollbacks_)));
  if (options_.checkpoints != nullptr) {
    options_.checkpoints->remove_from(updates_ + 1);
    options_.checkpoints->continue_from(updates_);
  }
  observer_.rolled_back(*last);
}

void Trainer::keep_start(NamedTensors parameters) {
  start_ = {.epoch = epoch_,
            .loader = {.epoch = static_cast<uint64_t>(epoch_), .batch = 0},
            .parameters = std::move(parameters),
            .momentum = {},
            .epoch_sums = epoch_sums_,
            .window_sums = window_sums_,
            .history = {},
            .weighting = weighting_->state(),
            .task_weights = task_weights_,
            .frozen = frozen_hash_};
}

std::optional<TrainerState> Trainer::start_state() {
  if (!start_) return std::nullopt;
  TrainerState state = *start_;
  plan_.load_parameters(state.parameters);
  average_.restart();
  state.average = average_.values();
  state.momentum = optimizer_.first_moments();
  state.second_moment = optimizer_.second_moments();
  for (NamedTensors* moments : {&state.momentum, &state.second_moment}) {
    for (auto& [name, tensor] : *moments) std::ranges::fill(tensor.data(), 0.0F);
  }
  state.log_size = observer_.log_size();
  return state;
}

std::optional<TrainerState> Trainer::last_state(int64_t below) {
  if (options_.checkpoints == nullptr) return start_state();
  finish_checkpoint();
  if (auto due = newest_state(below, false)) return due;
  if (auto start = start_state()) return start;
  return newest_state(below, true);
}

std::optional<TrainerState> Trainer::newest_state(int64_t below, bool of_stops) {
  try {
    CheckpointFolder::Newest newest = options_.checkpoints->newest(below, of_stops);
    if (!of_stops) {
      for (const std::string& reason : newest.skipped) observer_.warn("passed over: " + reason);
    }
    if (newest.checkpoint && newest.checkpoint->state.frozen == frozen_hash_ &&
        newest.checkpoint->state.epoch >= options_.phase_epoch.value_or(options_.first_epoch)) {
      return std::move(newest.checkpoint->state);
    }
  } catch (const Error& error) {
    observer_.warn(error.message());
  }
  return std::nullopt;
}

}  // namespace orthrus
