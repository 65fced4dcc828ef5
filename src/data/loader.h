// Loader: batches of pictures and labels, in an order and with
// augmentations that depend on (seed, epoch, position) alone, never on the number of threads. It
// reads files and makes tensors; it knows no tasks and no network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/augmentation.h"
#include "data/batch_source.h"
#include "data/decode.h"
#include "data/picture_source.h"
#include "data/pictures.h"
#include "data/preprocessing.h"

namespace orthrus {

struct LoaderOptions {
  int batch_size = 1;
  bool shuffle = false;
  LastBatch last_batch = LastBatch::kPad;
  OnBadImage on_bad_image = OnBadImage::kFail;
  BadBudget max_bad = {};  // of those that are skipped
  uint64_t seed = 0;
  // 0: pictures are decoded by the calling thread's OpenMP team inside next(), which costs the
  // engine least on a machine whose cores are all busy computing; one background thread reads the
  // files ahead. n > 0: by n background threads, some batches ahead.
  int threads = 0;
  size_t read_ahead_bytes = size_t{64} << 20;  // of files, with threads = 0
  DecodeLimits limits = {};
  Augmentation augmentation = {};
  PictureCacheOptions cache = {};
  std::vector<SourceTurns> sources = {};  // that the pictures come from; empty: one
};

// The same loading, but of every picture once and as it is: one source, not augmented, not cached.
[[nodiscard]] LoaderOptions of_plain_pictures(LoaderOptions options);

class Loader : public BatchSource {
 public:
  // Throws kUsage for options or a preprocessing that cannot be. Stands at the start of epoch 0;
  // files are first touched by next().
  Loader(SharedPictures pictures, const Preprocessing& preprocessing, const LoaderOptions& options);
  // Of files in a folder.
  Loader(ImageList list, std::filesystem::path image_root, const Preprocessing& preprocessing,
         const LoaderOptions& options);
  ~Loader() override;  // stops at once, waiting only for the pictures in work
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  [[nodiscard]] const ImageList& list() const;
  [[nodiscard]] const Pictures& pictures() const;
  [[nodiscard]] int64_t batches_per_epoch() const override;
  [[nodiscard]] size_t list_size() const override { return list().entries.size(); }
  [[nodiscard]] bool mixes() const override;

  void start_epoch(uint64_t epoch) override;
  [[nodiscard]] LoaderState state() const override;
  void restore(const LoaderState& state) override;
  // The batch's tensors are reused when they have the right shape. Throws kInput for a picture that
  // cannot be used, unless bad ones are skipped, and for a list in which all are bad; the state
  // stays at that batch.
  [[nodiscard]] bool next(Batch& batch) override;
  // A line for the user once the cache of pictures has failed, which ends nothing; else empty.
  [[nodiscard]] std::string cache_failure() const;
  // Pictures found bad so far (background threads look ahead): "list:line: reason", each once.
  [[nodiscard]] std::vector<std::string> skipped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orthrus
