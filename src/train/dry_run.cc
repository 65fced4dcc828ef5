#include "train/dry_run.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "train/feature_caching.h"
#include "train/observer.h"
#include "train/phases.h"
#include "train/prepare.h"

namespace orthrus {
namespace {

constexpr int kMeasuredSteps = 3;  // after one that warms up

// Median seconds of `step`, which is false when there is nothing more to do; 0 when it never was
// true.
template <typename Step>
double median_seconds(Step step) {
  std::vector<double> seconds;
  for (int i = 0; i <= kMeasuredSteps; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (!step()) break;
    seconds.push_back(seconds_since(start));
  }
  if (seconds.size() > 1) seconds.erase(seconds.begin());
  if (seconds.empty()) return 0;
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::ranges::nth_element(seconds, middle);
  return *middle;
}

std::string memory_line(const std::string& what, const PlanMemory& memory, size_t optimizer) {
  std::string line =
      fmt::format("memory of {}: {} for values and inputs, {} for what is computed", what,
                  size_text(memory.persistent_bytes), size_text(memory.arena_bytes));
  if (optimizer > 0) line += fmt::format(", {} of the optimizer", size_text(optimizer));
  return line;
}

double feature_step_seconds(BatchSource& source) {
  source.start_epoch(0);
  Batch batch;
  return median_seconds([&] { return source.next(batch); });
}

double validation_step_seconds(PreparedTraining& prepared, const NamedTensors& parameters,
                               Backend& backend) {
  BatchSource* source = prepared.validation();
  if (source == nullptr) return 0;
  const TrainedPart& part = prepared.part;
  Inference inference(part.graph, part.input, part.batch_shape(prepared.request.loader.batch_size),
                      parameters, backend);
  source->start_epoch(0);
  Batch batch;
  return median_seconds([&] {
    if (!source->next(batch)) return false;
    inference.run(batch.images);
    return true;
  });
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
  const double validation_step =
      validation_step_seconds(prepared, prepared.model.parameters, backend);
  const CachingPlan caching = plan_caching(prepared);
  QuietObserver quiet(observer);
  Trainer trainer(std::move(prepared.model), prepared.train(), nullptr, backend,
                  trainer_options(prepared), quiet);
  const double step =
      median_seconds([&] { return trainer.step(); }) / request.accumulate;  // of one batch
  const double features =
      caching.place == CachePlace::kOff ? 0 : feature_step_seconds(prepared.train());

  if (prepared.frozen) {
    observer.note(memory_line("the frozen part", prepared.frozen->plan().memory(), 0));
  }
  observer.note(
      memory_line("the trained part", trainer.plan().memory(), trainer.optimizer_bytes()));
  const int64_t batches = prepared.train().batches_per_epoch();
  const double rest = std::max(step - features, 0.0);  // of a step, with features at hand
  double epoch = rest * static_cast<double>(batches);
  double before = 0;
  if (caching.place != CachePlace::kOff) {
    before = features * static_cast<double>(batches * caching.train.views);
    if (prepared.validation() != nullptr) {
      before += features * static_cast<double>(prepared.validation()->batches_per_epoch());
    }
    observer.note(fmt::format("features are computed once, in about {}, and kept {}: {}",
                              duration_text(before),
                              caching.place == CachePlace::kDisk ? "on disk" : "in memory",
                              size_text(caching.size_bytes())));
  } else if (prepared.part.divided() && !caching.reason.empty()) {
    observer.note("features are computed in each epoch: " + caching.reason);
  }
  observer.note(fmt::format("a step of {} pictures takes {:.3g} s: {} batches, {} for an epoch",
                            request.loader.batch_size, rest, batches, duration_text(epoch)));
  if (prepared.validation() != nullptr) {
    const double validation = std::max(validation_step - features, 0.0) *
                              static_cast<double>(prepared.validation()->batches_per_epoch());
    epoch += validation;
    observer.note(fmt::format("validation after each: {}", duration_text(validation)));
  }
  const int epochs = request.end_epoch - request.first_epoch;
  observer.note(fmt::format("{} epochs take about {}; nothing was written", epochs,
                            duration_text(before + epoch * epochs)));
}

}  // namespace orthrus
