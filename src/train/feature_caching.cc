#include "train/feature_caching.h"

#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/progress.h"
#include "infer/features.h"

namespace orthrus {
namespace {

// Why features cannot be kept, whatever their size; empty when they can.
std::string obstacle(const PreparedTraining& prepared) {
  const TrainRequest& request = prepared.request;
  if (!prepared.part.divided()) {
    return "no part of the network below what is trained is frozen (--train heads, --train last:N)";
  }
  const Augmentation& augmentation = request.loader.augmentation;
  if (augmentation.mixes()) return "the pictures are mixed in pairs (--mixup, --cutmix)";
  if (augmentation != Augmentation{} && request.cache.views == 0) {
    return "the pictures are augmented anew in each epoch (--augment none, or --views K)";
  }
  return {};
}

FeatureCacheSpec spec_of(const PreparedTraining& prepared, const SharedPictures& pictures,
                         int views) {
  FeatureCacheSpec spec{
      .views = views, .features = prepared.part.input_shape, .dtype = prepared.request.cache.dtype};
  if (pictures) spec.pictures = pictures->list().entries.size();
  return spec;
}

// Over the budget: an error where the cache is needed, else a reason.
std::string over_budget(const CachingPlan& plan, const CacheOptions& options) {
  const bool memory = plan.place == CachePlace::kMemory;
  const uint64_t budget = options.budget_bytes > 0 ? options.budget_bytes
                          : memory                 ? available_memory_bytes() / 2
                                                   : UINT64_MAX;
  if (plan.size_bytes() <= budget) return {};
  return fmt::format("the features take {}, and {} is {}", size_text(plan.size_bytes()),
                     options.budget_bytes > 0 ? "--cache-budget" : "half of the free memory",
                     size_text(budget));
}

class Filler {
 public:
  Filler(PreparedTraining& prepared, TrainObserver& observer)
      : prepared_(prepared), observer_(observer) {}

  std::unique_ptr<FeatureCache> cache(FeatureCacheSpec spec, const SharedPictures& pictures,
                                      const Augmentation& augmentation, CachePlace place,
                                      const std::string& what) {
    const Preprocessing& preprocessing = prepared_.model.preprocessing;
    LoaderOptions loading = validation_loading(prepared_.request);
    loading.augmentation = augmentation;
    loading.last_batch = LastBatch::kPad;
    Loader loader(pictures, preprocessing, loading);
    const auto total = static_cast<int64_t>(spec.pictures) * spec.views;
    const auto tell = [&](int64_t done) {
      stop_if_asked();
      observer_.progress("features of " + what, done, total);
    };
    const auto start = std::chrono::steady_clock::now();
    std::unique_ptr<FeatureCache> cache;
    std::string where = "in memory";
    if (place == CachePlace::kMemory) {
      cache = std::make_unique<FeatureCache>(
          FeatureCache::compute(spec, loader, *prepared_.frozen, tell));
    } else {
      spec.key = feature_key(*prepared_.frozen, preprocessing, *pictures, loading);
      const std::filesystem::path path = prepared_.request.cache.folder / spec.file_name();
      where = "in '" + path.string() + "'";
      cache = from_file(path, spec, what);
      if (cache) return cache;
      make_directories(path.parent_path());
      FeatureCache::write(path, spec, loader, *prepared_.frozen, tell);
      cache = std::make_unique<FeatureCache>(FeatureCache::map(path, spec));
    }
    observer_.note(fmt::format("features of {}: {} pictures in {:.1f} s, {} {}", what, total,
                               seconds_since(start), size_text(spec.size_bytes()), where));
    for (const std::string& skipped : loader.skipped()) observer_.warn("skipped: " + skipped);
    return cache;
  }

 private:
  // Null when there is none that can be used.
  std::unique_ptr<FeatureCache> from_file(const std::filesystem::path& path,
                                          const FeatureCacheSpec& spec, const std::string& what) {
    if (!std::filesystem::exists(path)) return nullptr;
    try {
      auto cache = std::make_unique<FeatureCache>(FeatureCache::map(path, spec));
      observer_.note(fmt::format("features of {} taken from '{}'", what, path.string()));
      return cache;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      observer_.warn(error.message() + "; the features are computed anew");
      return nullptr;
    }
  }

  void stop_if_asked() const {
    if (!prepared_.request.stop) return;
    const std::optional<ErrorKind> kind = prepared_.request.stop();
    if (kind) throw Error(*kind, "stopped while the features were computed");
  }

  PreparedTraining& prepared_;
  TrainObserver& observer_;
};

}  // namespace

uint64_t CachingPlan::size_bytes() const {
  return train.size_bytes() + validation.size_bytes();
}

CachingPlan plan_caching(const PreparedTraining& prepared) {
  const TrainRequest& request = prepared.request;
  const CacheOptions& options = request.cache;
  CachingPlan plan;
  if (options.views > 0 && request.loader.augmentation == Augmentation{}) {
    throw usage_error("--views {}: pictures that are not augmented look all the same",
                      options.views)
        .with_hint("leave out --views or --augment none");
  }
  if (options.views > 0 && options.place == CachePlace::kOff) {
    throw usage_error("--views {} and --cache off exclude each other", options.views);
  }
  if (options.place == CachePlace::kOff) return plan;
  const bool needed = options.place != CachePlace::kAuto || options.views > 0;
  plan.reason = obstacle(prepared);
  if (plan.reason.empty()) {
    plan.place = options.place == CachePlace::kDisk ? CachePlace::kDisk : CachePlace::kMemory;
    plan.train = spec_of(prepared, prepared.train_pictures, std::max(options.views, 1));
    plan.validation = spec_of(prepared, prepared.validation_pictures, 1);
    plan.reason = over_budget(plan, options);
  }
  if (plan.reason.empty()) return plan;
  if (needed) {
    throw usage_error("features cannot be kept: {}", plan.reason)
        .with_hint("--cache disk needs no memory; --cache off computes them in each epoch");
  }
  plan.place = CachePlace::kOff;
  return plan;
}

void cache_features(PreparedTraining& prepared, TrainObserver& observer) {
  const CachingPlan plan = plan_caching(prepared);
  if (plan.place == CachePlace::kOff) {
    if (prepared.part.divided() && !plan.reason.empty()) {
      observer.note("features are computed in each epoch: " + plan.reason);
    }
    return;
  }
  Filler filler(prepared, observer);
  prepared.train_cache = filler.cache(plan.train, prepared.train_pictures,
                                      prepared.request.loader.augmentation, plan.place, "training");
  prepared.train_features = std::make_unique<CachedFeatureLoader>(
      *prepared.train_cache, *prepared.train_pictures, prepared.request.loader);
  if (!prepared.validation_pictures) return;
  prepared.validation_cache = filler.cache(plan.validation, prepared.validation_pictures,
                                           Augmentation{}, plan.place, "validation");
  prepared.validation_features = std::make_unique<CachedFeatureLoader>(
      *prepared.validation_cache, *prepared.validation_pictures,
      validation_loading(prepared.request));
}

}  // namespace orthrus
