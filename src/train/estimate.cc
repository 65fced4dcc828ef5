#include "train/estimate.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "train/observer.h"

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

double feature_seconds(BatchSource& source) {
  source.start_epoch(0);
  Batch batch;
  return median_seconds([&] { return source.next(batch); });
}

// Of a batch without backward: loading, and what stands on it.
double forward_seconds(BatchSource* source, const PreparedTraining& prepared, Backend& backend) {
  if (source == nullptr) return 0;
  const TrainedPart& part = prepared.part;
  Inference inference(part.graph, part.input, part.batch_shape(prepared.request.loader.batch_size),
                      prepared.model.parameters, backend);
  source->start_epoch(0);
  Batch batch;
  return median_seconds([&] {
    if (!source->next(batch)) return false;
    inference.run(batch.images);
    return true;
  });
}

int64_t batches_of(const BatchSource* source) {
  return source == nullptr ? 0 : source->batches_per_epoch();
}

}  // namespace

TrainingEstimate estimate_training(PreparedTraining& prepared, Backend& backend,
                                   TrainObserver& observer) {
  const TrainRequest& request = prepared.request;
  TrainingEstimate estimate;
  const auto batches = static_cast<double>(prepared.train().batches_per_epoch());
  const auto validation_batches = static_cast<double>(batches_of(prepared.validation()));
  const double validation_step = forward_seconds(prepared.validation(), prepared, backend);
  if (request.heads_first > 0) {
    const double forward = validation_step > 0
                               ? validation_step
                               : forward_seconds(&prepared.train(), prepared, backend);
    estimate.before = forward * (batches + validation_batches);
  }
  estimate.caching = plan_caching(prepared);
  QuietObserver quiet(observer);
  Trainer trainer(std::move(prepared.model), prepared.train(), nullptr, backend,
                  trainer_options(prepared), quiet);
  const double step =
      median_seconds([&] { return trainer.step(); }) / request.accumulate;  // of one batch
  const bool kept = estimate.caching.place != CachePlace::kOff;
  const double features = kept ? feature_seconds(prepared.train()) : 0;
  estimate.trained_part = trainer.plan().memory();
  estimate.optimizer_bytes = trainer.optimizer_bytes();
  estimate.step = std::max(step - features, 0.0);
  estimate.epoch = estimate.step * batches;
  estimate.validation = std::max(validation_step - features, 0.0) * validation_batches;
  if (kept) {
    estimate.before += features * (batches * estimate.caching.train.views + validation_batches);
  }
  return estimate;
}

}  // namespace orthrus
