#include "train/fit.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "base/progress.h"
#include "train/estimate.h"
#include "train/observer.h"
#include "train/prepare.h"

namespace orthrus {
namespace {

// What is prepared here is prepared again for the training, which then says all of it.
class SilentObserver : public QuietObserver {
 public:
  using QuietObserver::QuietObserver;
  void warn(std::string_view) override {}
};

}  // namespace

int largest_batch(const TrainRequest& request, Backend& backend, TrainObserver& observer) {
  constexpr double kShare = 0.8;  // the rest is for pictures and for the system
  constexpr int64_t kMost = 256, kLeastUpdates = 8;
  SilentObserver quiet(observer);
  PreparedTraining prepared = prepare_training(request, backend, quiet);
  const auto available = kShare * static_cast<double>(backend.device().available_bytes());
  const auto pictures = static_cast<int64_t>(prepared.train().list_size());
  const Trainer trainer(std::move(prepared.model), prepared.train(), nullptr, backend,
                        trainer_options(prepared), quiet);
  const PlanMemory& memory = trainer.plan().memory();
  const auto batch = static_cast<double>(request.loader.batch_size);
  const auto fixed = static_cast<double>(memory.parameter_bytes + trainer.optimizer_bytes());
  const double each =
      static_cast<double>(memory.arena_bytes + memory.persistent_bytes - memory.parameter_bytes) /
      batch;
  const auto fits = static_cast<int64_t>((available - fixed) / each);
  if (fits < 1) {
    throw resource_error("not even a batch of one picture fits into {} of memory",
                         size_text(backend.device().available_bytes()))
        .with_hint("smaller pictures, a smaller network or --precision bf16 need less");
  }
  const int64_t most = std::min({fits, kMost, std::max<int64_t>(pictures / kLeastUpdates, 1)});
  return static_cast<int>(std::bit_floor(static_cast<uint64_t>(most)));
}

int epochs_within(double seconds, const TrainRequest& request, Backend& backend,
                  TrainObserver& observer) {
  constexpr double kMostEpochs = 9999;
  SilentObserver quiet(observer);
  PreparedTraining prepared = prepare_training(request, backend, quiet);
  const TrainingEstimate estimate = estimate_training(prepared, backend, quiet);
  const double one = std::max(estimate.epoch + estimate.validation, 1e-9);
  const double epochs = std::floor((seconds - estimate.before) / one);
  if (epochs >= 1) return static_cast<int>(std::min(epochs, kMostEpochs));
  Error error = usage_error("--time {}: one epoch takes about {}", duration_text(seconds),
                            duration_text(estimate.of(1)));
  const double share = (seconds - estimate.validation) / std::max(estimate.of(1), 1e-9);
  if (share >= 0.01) {
    throw error.with_hint(fmt::format("--fraction {:.2f} takes a part of the pictures", share));
  }
  throw error.with_hint("give more time, or --train heads");
}

int hyper_rule_epochs(const TrainRequest& request, Backend& backend, TrainObserver& observer) {
  SilentObserver quiet(observer);
  PreparedTraining prepared = prepare_training(request, backend, quiet);
  const HyperRule rule = hyper_rule(static_cast<int64_t>(prepared.train().list_size()));
  const int64_t of_epoch =
      updates_per_epoch(prepared.train().batches_per_epoch(), request.accumulate);
  return static_cast<int>((rule.updates + of_epoch - 1) / of_epoch);
}

}  // namespace orthrus
