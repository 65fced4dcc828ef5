#include "data/sampler.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace orthrus {

namespace {

// The turns of one source in an epoch: `count` of them, from that number of its endless row of
// passes on.
void append_turns(const SourceTurns& source, size_t number, uint32_t first_position, uint64_t begin,
                  uint64_t count, bool shuffle, uint64_t seed, std::vector<Turn>& turns) {
  std::vector<uint32_t> order;
  for (uint64_t at = begin; at < begin + count; ++at) {
    const uint64_t pass = at / source.pictures, place = at % source.pictures;
    if (order.empty() || place == 0) {
      order = epoch_order(static_cast<uint32_t>(source.pictures), shuffle, seed, pass, number);
    }
    turns.push_back({first_position + order[place], static_cast<uint32_t>(pass)});
  }
}

// Turns that stand source by source, spread evenly: the k-th of a source's n belongs at the share
// (k + 1/2) / n of the epoch.
std::vector<Turn> interleaved(const std::vector<Turn>& turns, const std::vector<uint64_t>& counts) {
  std::vector<std::pair<double, size_t>> places;
  places.reserve(turns.size());
  for (const uint64_t count : counts) {
    for (uint64_t k = 0; k < count; ++k) {
      const double place = (static_cast<double>(k) + 0.5) / static_cast<double>(count);
      places.emplace_back(place, places.size());
    }
  }
  std::ranges::sort(places);
  std::vector<Turn> result;
  result.reserve(turns.size());
  for (const auto& [place, from] : places) result.push_back(turns[from]);
  return result;
}

}  // namespace

std::vector<uint32_t> epoch_order(uint32_t count, bool shuffle, uint64_t seed, uint64_t pass,
                                  uint64_t source) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  if (!shuffle) return order;
  RandomStream random(seed, StreamPurpose::kShuffle, pass, source);
  for (uint32_t i = count; i-- > 1;) std::swap(order[i], order[random.below(i + 1)]);
  return order;
}

std::vector<uint64_t> turns_of(const std::vector<SourceTurns>& sources, uint64_t turns) {
  double total = 0;
  for (const SourceTurns& source : sources) total += source.share;
  std::vector<uint64_t> counts;
  if (total == 0) {
    for (const SourceTurns& source : sources) counts.push_back(source.pictures);
    return counts;
  }
  std::vector<std::pair<double, size_t>> remainders;  // negative, so that the largest comes first
  uint64_t given = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    const double exact = static_cast<double>(turns) * sources[i].share / total;
    counts.push_back(static_cast<uint64_t>(exact));
    remainders.emplace_back(static_cast<double>(counts[i]) - exact, i);
    given += counts[i];
  }
  std::ranges::sort(remainders);
  for (size_t i = 0; given < turns; ++given, ++i) ++counts[remainders[i % counts.size()].second];
  return counts;
}

Sampler::Sampler(std::vector<SourceTurns> sources, int batch_size, bool shuffle,
                 LastBatch last_batch, uint64_t seed)
    : sources_(std::move(sources)),
      batch_size_(batch_size),
      shuffle_(shuffle),
      last_batch_(last_batch),
      seed_(seed) {
  if (batch_size < 1) throw usage_error("batch size {}: at least 1 expected", batch_size);
  size_t pictures = 0;
  for (const SourceTurns& source : sources_) pictures += source.pictures;
  if (pictures == 0 || pictures > std::numeric_limits<uint32_t>::max()) {
    throw input_error("a list of {} pictures: 1 to 4294967295 expected", pictures);
  }
  pictures_ = static_cast<uint32_t>(pictures);
  turns_ = turns_of(sources_, pictures_);
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
  if (order_.empty() || state.epoch != state_.epoch) order_ = make_order(state.epoch);
  state_ = state;
}

std::vector<Turn> Sampler::make_order(uint64_t epoch) const {
  std::vector<Turn> turns;
  turns.reserve(pictures_);
  uint32_t first = 0;
  for (size_t i = 0; i < sources_.size(); ++i) {
    append_turns(sources_[i], i, first, epoch * turns_[i], turns_[i], shuffle_, seed_, turns);
    first += static_cast<uint32_t>(sources_[i].pictures);
  }
  if (sources_.size() == 1) return turns;
  if (!shuffle_) return interleaved(turns, turns_);
  RandomStream random(seed_, StreamPurpose::kTurns, epoch, 0);
  for (uint32_t i = pictures_; i-- > 1;) std::swap(turns[i], turns[random.below(i + 1)]);
  return turns;
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
