#include "infer/features.h"

#include <algorithm>

#include "base/error.h"

namespace orthrus {

FeatureLoader::FeatureLoader(BatchSource& pictures, Inference& network)
    : pictures_(pictures),
      network_(network),
      features_(network.plan().output_shape(0), DType::kF32) {}

bool FeatureLoader::next(Batch& batch) {
  if (!pictures_.next(picture_batch_)) return false;
  network_.run(picture_batch_.images);
  std::ranges::copy(network_.output(0), features_.data().begin());
  batch.images = features_;
  batch.labels = picture_batch_.labels;
  batch.count = picture_batch_.count;
  batch.positions = picture_batch_.positions;
  batch.partners = picture_batch_.partners;
  batch.shares = picture_batch_.shares;
  return true;
}

CachedFeatureLoader::CachedFeatureLoader(const FeatureCache& cache, const Pictures& pictures,
                                         const LoaderOptions& options)
    : cache_(cache),
      pictures_(pictures),
      sampler_(options.sources.empty()
                   ? std::vector<SourceTurns>{{.pictures = cache.spec().pictures}}
                   : options.sources,
               options.batch_size, options.shuffle, options.last_batch, options.seed) {}

// As PictureSource, the next good picture stands in for a bad one.
const Turn& CachedFeatureLoader::taken_at(size_t turn) const {
  const std::vector<Turn>& order = sampler_.order();
  for (size_t step = 0; step < order.size(); ++step) {
    const Turn& taken = order[(turn + step) % order.size()];
    if (cache_.valid(taken.position)) return taken;
  }
  throw internal_error("the cache holds no picture that can be used");
}

bool CachedFeatureLoader::next(Batch& batch) {
  if (sampler_.at_end()) return false;
  Shape shape = cache_.spec().features;
  shape.set(0, sampler_.batch_size());
  if (batch.images.empty() || batch.images.shape() != shape)
    batch.images = Tensor(shape, DType::kF32);
  const Shape labels_shape = {sampler_.batch_size(), pictures_.list().label_columns};
  if (batch.labels.empty() || batch.labels.shape() != labels_shape) {
    batch.labels = Tensor(labels_shape, DType::kF32);
  }
  const LoaderState& state = sampler_.state();
  const auto views = static_cast<size_t>(cache_.spec().views);
  const auto size = static_cast<size_t>(shape.elements(1));
  const auto columns = static_cast<size_t>(labels_shape[1]);
  batch.count = sampler_.counted(state.batch);
  batch.positions.resize(static_cast<size_t>(sampler_.batch_size()));
  batch.partners.clear();
  batch.shares.clear();
  for (size_t slot = 0; slot < batch.positions.size(); ++slot) {
    const Turn& taken = taken_at(sampler_.turn(state.batch, static_cast<int>(slot)));
    const size_t picture = taken.position;
    cache_.read(taken.pass % views, picture, batch.images.data().subspan(slot * size, size));
    std::ranges::copy(pictures_.list().entries[picture].labels,
                      batch.labels.data().subspan(slot * columns, columns).begin());
    batch.positions[slot] = static_cast<int64_t>(picture);
  }
  sampler_.advance();
  return true;
}

}  // namespace orthrus
