#include "train/dry_run.h"

#include <string>

#include "base/progress.h"
#include "train/estimate.h"
#include "train/observer.h"
#include "train/phases.h"

namespace orthrus {
namespace {

std::string memory_line(const std::string& what, const PlanMemory& memory, size_t optimizer) {
  std::string line =
      fmt::format("memory of {}: {} for values and inputs, {} for what is computed", what,
                  size_text(memory.persistent_bytes), size_text(memory.arena_bytes));
  if (optimizer > 0) line += fmt::format(", {} of the optimizer", size_text(optimizer));
  return line;
}

}  // namespace

void dry_run(const TrainRequest& request, Backend& backend, TrainObserver& observer) {
  PreparedTraining prepared = prepare_training(request, backend, observer);
  if (prepared.part.trains_all()) {
    for (const std::string& line : describe(prepared.part)) observer.note(line);
  }
  if (training_phases(prepared.request, prepared.model, prepared.part).size() > 1) {
    observer.note("measured with pictures of the network's own size: smaller ones take less time");
  }
  const TrainingEstimate estimate = estimate_training(prepared, backend, observer);
  const CachingPlan& caching = estimate.caching;
  if (prepared.frozen) {
    observer.note(memory_line("the frozen part", prepared.frozen->plan().memory(), 0));
  }
  observer.note(memory_line("the trained part", estimate.trained_part, estimate.optimizer_bytes));
  if (caching.place != CachePlace::kOff) {
    observer.note(fmt::format("features are computed once, in about {}, and kept {}: {}",
                              duration_text(estimate.before),
                              caching.place == CachePlace::kDisk ? "on disk" : "in memory",
                              size_text(caching.size_bytes())));
  } else if (prepared.part.divided() && !caching.reason.empty()) {
    observer.note("features are computed in each epoch: " + caching.reason);
  }
  observer.note(fmt::format("a step of {} pictures takes {:.3g} s: {} batches, {} for an epoch",
                            request.loader.batch_size, estimate.step,
                            prepared.train().batches_per_epoch(), duration_text(estimate.epoch)));
  if (prepared.validation() != nullptr) {
    observer.note(fmt::format("validation after each: {}", duration_text(estimate.validation)));
  }
  const int epochs = request.end_epoch - request.first_epoch;
  observer.note(fmt::format("{} epochs take about {}; nothing was written", epochs,
                            duration_text(estimate.of(epochs))));
}

}  // namespace orthrus
