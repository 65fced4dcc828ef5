// Sampler: which picture of the list stands where in an epoch. The order of an epoch is a pure
// function of (seed, epoch), so an iteration continues anywhere, in any process, from its
// LoaderState alone. It knows numbers only, no files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace orthrus {

enum class LastBatch {
  kPad,      // filled with the first pictures of the epoch; the fill has weight zero
  kDiscard,  // left out
  kMxnet,    // filled in the same way; the fill counts, as in MXNet
};

// Where an epoch's iteration stands; enough to continue it in another process.
struct LoaderState {
  uint64_t epoch = 0;
  uint64_t batch = 0;  // next batch of that epoch
};

// The numbers 0..count-1: in order, or shuffled by Fisher and Yates from the last place down, with
// RandomStream(seed, kShuffle, epoch, 0): for i = count-1..1: swap(i, below(i + 1)).
[[nodiscard]] std::vector<uint32_t> epoch_order(uint32_t count, bool shuffle, uint64_t seed,
                                                uint64_t epoch);

class Sampler {
 public:
  // Throws kUsage for a batch size below 1, and when kDiscard would leave no batch at all.
  Sampler(size_t pictures, int batch_size, bool shuffle, LastBatch last_batch, uint64_t seed);

  [[nodiscard]] int batch_size() const { return batch_size_; }
  [[nodiscard]] uint64_t batches_per_epoch() const { return batches_; }
  [[nodiscard]] const LoaderState& state() const { return state_; }
  [[nodiscard]] bool at_end() const { return state_.batch == batches_; }

  // Throws kInput when the epoch has fewer batches than the state says.
  void restore(const LoaderState& state);
  void advance() { ++state_.batch; }

  // The pictures of this epoch, by position in the list. A place in it is called a turn.
  [[nodiscard]] const std::vector<uint32_t>& order() const { return order_; }
  // The turn of a slot of a batch; slots beyond the last picture take the first ones again.
  [[nodiscard]] size_t turn(uint64_t batch, int slot) const;
  // Pictures of a batch that count: all of them but the fill of kPad.
  [[nodiscard]] int counted(uint64_t batch) const;

 private:
  uint32_t pictures_;
  int batch_size_;
  bool shuffle_;
  LastBatch last_batch_;
  uint64_t seed_;
  uint64_t batches_ = 0;
  LoaderState state_;
  std::vector<uint32_t> order_;
};

}  // namespace orthrus
