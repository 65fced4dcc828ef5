// Features, which the frozen part of a network makes of pictures, in the place of the pictures.
#pragma once

#include "data/batch_source.h"
#include "data/pictures.h"
#include "infer/feature_cache.h"
#include "infer/inference.h"

namespace orthrus {

// Batches whose `images` are the features (N,...) of another source's pictures, computed as they
// are asked for. Keeps references to both; the network's only output is the features.
class FeatureLoader : public BatchSource {
 public:
  FeatureLoader(BatchSource& pictures, Inference& network);

  [[nodiscard]] int64_t batches_per_epoch() const override { return pictures_.batches_per_epoch(); }
  [[nodiscard]] size_t list_size() const override { return pictures_.list_size(); }
  [[nodiscard]] bool mixes() const override { return pictures_.mixes(); }
  void start_epoch(uint64_t epoch) override { pictures_.start_epoch(epoch); }
  [[nodiscard]] LoaderState state() const override { return pictures_.state(); }
  void restore(const LoaderState& state) override { pictures_.restore(state); }
  [[nodiscard]] bool next(Batch& batch) override;

 private:
  BatchSource& pictures_;
  Inference& network_;
  Batch picture_batch_;
  Tensor features_;
};

// The same batches from a cache, in the order in which a Loader with these options would hand out
// the pictures; a picture that has its turn for the nth time has view n modulo the number of views.
// Keeps references to both.
class CachedFeatureLoader : public BatchSource {
 public:
  CachedFeatureLoader(const FeatureCache& cache, const Pictures& pictures,
                      const LoaderOptions& options);

  [[nodiscard]] int64_t batches_per_epoch() const override {
    return static_cast<int64_t>(sampler_.batches_per_epoch());
  }
  [[nodiscard]] size_t list_size() const override { return cache_.spec().pictures; }
  void start_epoch(uint64_t epoch) override { sampler_.restore({.epoch = epoch, .batch = 0}); }
  [[nodiscard]] LoaderState state() const override { return sampler_.state(); }
  void restore(const LoaderState& state) override { sampler_.restore(state); }
  [[nodiscard]] bool next(Batch& batch) override;

 private:
  [[nodiscard]] const Turn& taken_at(size_t turn) const;

  const FeatureCache& cache_;
  const Pictures& pictures_;
  Sampler sampler_;
};

}  // namespace orthrus
