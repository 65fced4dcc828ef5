// Counter-based random streams. A stream is a pure function of its key (seed, purpose, epoch,
// index) and of the position within the stream, so neither the number of threads nor a restart
// changes what is drawn, and nothing has to be saved but the key.
// Generator: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
#pragma once

#include <array>
#include <cstdint>

namespace orthrus {

// What a stream is used for: streams of different purposes are independent.
// The values are part of the reproducibility promise: never renumber them.
enum class StreamPurpose : uint32_t {
  kShuffle = 1,     // order of the samples in an epoch
  kAugment = 2,     // crop, mirror of one sample
  kInitialise = 3,  // initial value of one parameter; index = hash of its name
  kDropout = 4,     // mask of one Dropout layer in one step
  kSynthetic = 5,   // made-up inputs of benchmarks and tests
  kWeighting = 6,   // loss weighting in one step
  kTurns = 7,       // order of the turns of several sources in an epoch
  kMixing = 8,      // how two pictures of a batch are mixed
  kHoldBack = 9,    // whether a picture is held back to choose a penalty by
};

// Four 32-bit words from a 128-bit counter and a 64-bit key, ten rounds.
[[nodiscard]] std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                                 std::array<uint32_t, 2> key);

class RandomStream {
 public:
  RandomStream(uint64_t seed, StreamPurpose purpose, uint64_t epoch, uint64_t index);

  [[nodiscard]] uint32_t next_u32();
  // Uniform in [0, 1) with 53 random bits.
  [[nodiscard]] double uniform();
  // Uniform in [low, high).
  [[nodiscard]] double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Uniform integer in [0, bound), without bias (Lemire's method); bound >= 1.
  [[nodiscard]] uint32_t below(uint32_t bound);
  // Standard normal (Box-Muller; both values of a pair are used).
  [[nodiscard]] double normal();

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
  bool has_spare_normal_ = false;
  double spare_normal_ = 0;
};

}  // namespace orthrus
