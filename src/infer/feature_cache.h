// FeatureCache: the features of every picture of a list, computed once by the frozen part of a
// network, in memory or in a file that is mapped. A file is a safetensors file with the tensors
// `features` (views x pictures, ...), `valid` (pictures) and `hash`; its name and header hold a key
// of everything that the features depend on, so that it is never taken for another's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "data/loader.h"
#include "infer/evaluate.h"
#include "infer/inference.h"

namespace orthrus {

struct FeatureCacheSpec {
  size_t pictures = 0;
  int views = 1;              // of each picture, augmented in different ways
  Shape features;             // of one picture, (1,...)
  DType dtype = DType::kF32;  // or kBF16: half the space, and rounded
  uint64_t key = 0;           // of feature_key()

  [[nodiscard]] size_t row_bytes() const;
  [[nodiscard]] size_t size_bytes() const;  // of all rows
  [[nodiscard]] std::string file_name() const;
};

// Identity of what a network makes of a list's pictures: its kernels and values, the preprocessing,
// the list, and size and time of change of the picture files. The seed counts where pictures are
// augmented.
[[nodiscard]] uint64_t feature_key(const Inference& network, const Preprocessing& preprocessing,
                                   const Pictures& pictures, const LoaderOptions& loading);

class FeatureCache {
 public:
  // Computes all in memory. `pictures` hands out the list in its order, epoch v being view v, and
  // has the network's batch size. Throws what they throw; what the callback throws ends it.
  [[nodiscard]] static FeatureCache compute(const FeatureCacheSpec& spec, Loader& pictures,
                                            Inference& network, const BatchCallback& after_batch);
  // The same into a file, all-or-nothing; throws kResource.
  static void write(const std::filesystem::path& path, const FeatureCacheSpec& spec,
                    Loader& pictures, Inference& network, const BatchCallback& after_batch);
  // Throws kInput when the file cannot be read, is not what `spec` says, or is damaged.
  [[nodiscard]] static FeatureCache map(const std::filesystem::path& path,
                                        const FeatureCacheSpec& spec);

  [[nodiscard]] const FeatureCacheSpec& spec() const { return spec_; }
  // False for a picture that could not be used.
  [[nodiscard]] bool valid(size_t picture) const { return valid_[picture] != std::byte{0}; }
  // Features of a view of a picture, widened to float32.
  void read(size_t view, size_t picture, std::span<float> dst) const;

 private:
  FeatureCache(const FeatureCacheSpec& spec, std::shared_ptr<const std::byte> memory,
               std::span<const std::byte> rows, std::span<const std::byte> valid)
      : spec_(spec), memory_(std::move(memory)), rows_(rows), valid_(valid) {}

  FeatureCacheSpec spec_;
  std::shared_ptr<const std::byte> memory_;  // holds the two below
  std::span<const std::byte> rows_;
  std::span<const std::byte> valid_;
};

}  // namespace orthrus
