// Sampler: which picture of the list stands where in an epoch. The order of an epoch is a pure
// function of (seed, epoch), so an iteration continues anywhere, in any process, from its
// LoaderState alone. It knows numbers only, no files.
//
// The list may consist of several sources, each with a share of the epoch. A source deals out its
// pictures in passes: each picture once, in the pass's own order, before the next pass begins, over
// the bounds of epochs. With 100 and 10 pictures and equal shares an epoch has 110 turns, 55 of
// each source: the larger one needs two epochs for a pass, the smaller one makes five and a half in
// each.
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

// A picture's turn in an epoch. `pass` is how often it had one before: the epoch's number, where
// each picture has one turn an epoch. What is random about it is keyed by (pass, position).
struct Turn {
  uint32_t position = 0;  // in the list
  uint32_t pass = 0;
  bool operator==(const Turn&) const = default;
};

// One source: its pictures, which stand behind those of the sources before it, and its share.
struct SourceTurns {
  size_t pictures = 0;
  double share = 0;  // in any unit; 0 for all: as many turns as pictures
};

// The numbers 0..count-1: in order, or shuffled by Fisher and Yates from the last place down, with
// RandomStream(seed, kShuffle, pass, source): for i = count-1..1: swap(i, below(i + 1)).
[[nodiscard]] std::vector<uint32_t> epoch_order(uint32_t count, bool shuffle, uint64_t seed,
                                                uint64_t pass, uint64_t source = 0);

// How many of `turns` turns each source has, by largest remainders.
[[nodiscard]] std::vector<uint64_t> turns_of(const std::vector<SourceTurns>& sources,
                                             uint64_t turns);

class Sampler {
 public:
  // Throws kUsage for a batch size below 1, and when kDiscard would leave no batch at all.
  Sampler(std::vector<SourceTurns> sources, int batch_size, bool shuffle, LastBatch last_batch,
          uint64_t seed);
  // One source.
  Sampler(size_t pictures, int batch_size, bool shuffle, LastBatch last_batch, uint64_t seed)
      : Sampler(std::vector<SourceTurns>{{.pictures = pictures}}, batch_size, shuffle, last_batch,
                seed) {}

  [[nodiscard]] int batch_size() const { return batch_size_; }
  [[nodiscard]] uint64_t batches_per_epoch() const { return batches_; }
  [[nodiscard]] const LoaderState& state() const { return state_; }
  [[nodiscard]] bool at_end() const { return state_.batch == batches_; }

  // Throws kInput when the epoch has fewer batches than the state says.
  void restore(const LoaderState& state);
  void advance() { ++state_.batch; }

  // The turns of this epoch.
  [[nodiscard]] const std::vector<Turn>& order() const { return order_; }
  // The turn, by its number, of a slot of a batch; slots beyond the last picture take the first
  // ones again.
  [[nodiscard]] size_t turn(uint64_t batch, int slot) const;
  // Pictures of a batch that count: all of them but the fill of kPad.
  [[nodiscard]] int counted(uint64_t batch) const;

 private:
  [[nodiscard]] std::vector<Turn> make_order(uint64_t epoch) const;

  std::vector<SourceTurns> sources_;
  std::vector<uint64_t> turns_;  // of each source in an epoch
  uint32_t pictures_ = 0;        // of all sources: as many turns has an epoch
  int batch_size_;
  bool shuffle_;
  LastBatch last_batch_;
  uint64_t seed_;
  uint64_t batches_ = 0;
  LoaderState state_;
  std::vector<Turn> order_;
};

}  // namespace orthrus
