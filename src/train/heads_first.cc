#include "train/heads_first.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "infer/features.h"
#include "train/feature_caching.h"
#include "train/linear_probe.h"

namespace orthrus {
namespace {

constexpr int kPatience = 3;  // epochs without improvement

// Remembers the last epoch.
class HeadsObserver : public QuietObserver {
 public:
  using QuietObserver::QuietObserver;
  void after_epoch(const EpochReport& report) override { last = report; }

  EpochReport last;
};

// Higher is better.
double quality(const EpochReport& epoch, const BestBy& best_by) {
  if (epoch.score) return best_by.higher_is_better() ? *epoch.score : -*epoch.score;
  return std::transform_reduce(epoch.train.begin(), epoch.train.end(), 0.0, std::plus<>(),
                               [](const MetricSums& task) { return -task.mean_loss(); });
}

// The same training, but of the heads alone on features of pictures as they are.
PreparedTraining heads_of(const PreparedTraining& prepared, Backend& backend) {
  PreparedTraining heads;
  heads.request = prepared.request;
  heads.request.part = {.items = {"heads"}, .batch_norm = BatchNormMode::kAuto};
  heads.request.loader.augmentation = {};
  heads.request.cache.views = 0;
  heads.request.first_epoch = 0;
  heads.request.end_epoch = prepared.request.heads_first;
  heads.request.optimizer = {.name = "adamw", .weight_decay = 0.01};
  heads.request.schedule = {.kind = ScheduleKind::kConstant, .base = 3e-3};
  heads.request.layer_decay = 1;
  heads.request.stochastic_depth = 0;
  heads.request.climb = 0;
  heads.request.average_decay = 0;
  heads.request.averaged_epochs = 0;
  heads.request.on_nan = OnNan::kStop;
  heads.model = prepared.model;
  heads.part = choose_trained_part(heads.model, heads.request.part);
  heads.train_pictures = prepared.train_pictures;
  // Linear heads are solved for: their penalty is chosen by pictures that are held back, which
  // costs no pass through the network.
  if (!why_not_linear(heads.part).empty()) heads.validation_pictures = prepared.validation_pictures;
  make_sources(heads, backend);
  return heads;
}

// Kept features of a list in large batches: a solver's passes over them are many.
std::unique_ptr<CachedFeatureLoader> large_batches(const FeatureCache& cache,
                                                   const SharedPictures& pictures,
                                                   LoaderOptions loading, int batch_size) {
  loading.batch_size = batch_size;
  loading.shuffle = false;
  loading.last_batch = LastBatch::kPad;
  return std::make_unique<CachedFeatureLoader>(cache, *pictures, loading);
}

// `heads` reads features; the solution goes into `model`.
void solve(PreparedTraining& heads, Model& model, Backend& backend, TrainObserver& observer) {
  constexpr size_t kMostInBatch = 1024;
  BatchSource* train = &heads.train();
  BatchSource* validation = heads.validation();
  int batch_size = heads.request.loader.batch_size;
  std::unique_ptr<CachedFeatureLoader> large_train, large_validation;
  if (heads.train_cache) {
    batch_size = static_cast<int>(std::min(kMostInBatch, heads.train_cache->spec().pictures));
    large_train =
        large_batches(*heads.train_cache, heads.train_pictures, heads.request.loader, batch_size);
    train = large_train.get();
    if (heads.validation_cache) {
      large_validation = large_batches(*heads.validation_cache, heads.validation_pictures,
                                       validation_loading(heads.request), batch_size);
      validation = large_validation.get();
    }
  }
  const ProbeResult result = fit_linear_heads({.part = heads.part,
                                               .tasks = heads.model.tasks,
                                               .parameters = heads.model.parameters,
                                               .train = *train,
                                               .validation = validation,
                                               .best_by = heads.request.best_by,
                                               .batch_size = batch_size,
                                               .stop = heads.request.stop},
                                              backend);
  for (const auto& [name, tensor] : result.parameters) model.parameters[name] = tensor;
  observer.note(fmt::format("heads solved for in {} iterations: penalty {:g}, loss {:.4f}{}",
                            result.iterations, result.penalty, result.loss,
                            result.score ? fmt::format(", {} in validation {:.4f}",
                                                       heads.request.best_by.text(), *result.score)
                                         : ""));
}

}  // namespace

void solve_heads(PreparedTraining& prepared, Backend& backend, TrainObserver& observer) {
  const TrainedPart& part = prepared.part;
  const PartStage& heads = part.stages.back();
  const bool only_heads = part.trains_heads_at_most() && heads.trained_values == heads.values;
  if (!only_heads || !part.divided()) {
    throw usage_error("--solver lbfgs solves for the heads alone, and more is trained, or less")
        .with_hint("add --train heads, or leave it out");
  }
  solve(prepared, prepared.model, backend, observer);
}

void train_heads_first(PreparedTraining& prepared, Backend& backend, TrainObserver& observer) {
  HeadsObserver quiet(observer);
  PreparedTraining heads = heads_of(prepared, backend);
  cache_features(heads, observer);
  if (why_not_linear(heads.part).empty()) {
    solve(heads, prepared.model, backend, observer);
    return;
  }
  Trainer trainer(heads.model, heads.train(), heads.validation(), backend, trainer_options(heads),
                  quiet);
  NamedTensors best;
  double best_quality = -std::numeric_limits<double>::infinity();
  int best_epoch = 0;
  int epoch = 0;
  while (epoch < heads.request.end_epoch && epoch - best_epoch <= kPatience) {
    trainer.run_epoch();
    const double value = quality(quiet.last, heads.request.best_by);
    if (value > best_quality) {
      best_quality = value;
      best_epoch = epoch;
      best = trainer.state().parameters;
    }
    ++epoch;
  }
  for (auto& [name, tensor] : best) prepared.model.parameters[name] = std::move(tensor);
  observer.note(fmt::format("heads first: {} epochs, the best {}", epoch, best_epoch));
}

}  // namespace orthrus
