#include "data/sampler.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace orthrus {

std::vector<uint32_t> epoch_order(uint32_t count, bool shuffle, uint64_t seed, uint64_t epoch) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  if (!shuffle) return order;
  RandomStream random(seed, StreamPurpose::kShuffle, epoch, 0);
  for (uint32_t i = count; i-- > 1;) std::swap(order[i], order[random.below(i + 1)]);
  return order;
}

Sampler::Sampler(size_t pictures, int batch_size, bool shuffle, LastBatch last_batch, uint64_t seed)
    : pictures_(static_cast<uint32_t>(pictures)),
      batch_size_(batch_size),
      shuffle_(shuffle),
      last_batch_(last_batch),
      seed_(seed) {
  if (batch_size < 1) throw usage_error("batch size {}: at least 1 expected", batch_size);
  if (pictures == 0 || pictures > std::numeric_limits<uint32_t>::max()) {
    throw input_error("a list of {} pictures: 1 to 4294967295 expected", pictures);
  }
  const auto size = static_cast<uint32_t>(batch_size);
  batches_ = pictures_ / size;
  if (last_batch != LastBatch::kDiscard && pictures_ % size != 0) ++batches_;
  if (batches_ == 0) {
    throw usage_error("{} pictures do not fill one batch of {}, and short batches are discarded",
                      pictures, batch_size)
        .with_hint("choose a smaller batch, or fill the last one (pad)");
  }
  restore({});
}

void Sampler::restore(const LoaderState& state) {
  if (state.batch > batches_) {
    throw input_error("batch {} of epoch {} cannot be next: the epoch has {} batches", state.batch,
                      state.epoch, batches_)
        .with_hint("the list or the batch size has changed since the state was saved");
  }
  if (order_.empty() || (shuffle_ && state.epoch != state_.epoch)) {
    order_ = epoch_order(pictures_, shuffle_, seed_, state.epoch);
  }
  state_ = state;
}

size_t Sampler::turn(uint64_t batch, int slot) const {
  return (batch * static_cast<uint64_t>(batch_size_) + static_cast<uint64_t>(slot)) % pictures_;
}

int Sampler::counted(uint64_t batch) const {
  if (last_batch_ == LastBatch::kMxnet) return batch_size_;
  const uint64_t size = static_cast<uint64_t>(batch_size_);
  return static_cast<int>(std::min<uint64_t>(size, pictures_ - batch * size));
}

}  // namespace orthrus
