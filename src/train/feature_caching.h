// Features that are computed once and then kept: whether that can be done for a training, and the
// computation.
#pragma once

#include <string>

#include "infer/feature_cache.h"
#include "train/observer.h"
#include "train/prepare.h"

namespace orthrus {

struct CachingPlan {
  CachePlace place = CachePlace::kOff;  // kOff, kMemory or kDisk
  FeatureCacheSpec train, validation;   // the latter without pictures where there is no list
  std::string reason;                   // why there is none although it was not forbidden; or empty

  [[nodiscard]] uint64_t size_bytes() const;
};

// Throws kUsage where a cache was asked for that cannot be, or is larger than it may be.
[[nodiscard]] CachingPlan plan_caching(const PreparedTraining& prepared);

// Computes the features, or takes them from a file that fits, and lets the training read them.
// Throws what reading pictures throws, kResource when they do not fit, and kInterrupted or
// kTerminated after a stop.
void cache_features(PreparedTraining& prepared, TrainObserver& observer);

}  // namespace orthrus
