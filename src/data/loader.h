// Loader: batches of pictures and labels from a list and a folder, in an order and with augmentations
// that depend on (seed, epoch, position) alone, never on the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/list.h"
#include "tensor/tensor.h"

namespace orthrus {

// From a decoded picture to the network's input. Defaults: the ancestor's validation pipeline.
struct Preprocessing {
  int64_t channels = 3;
  int64_t height = 224;
  int64_t width = 224;
  int64_t resize = 224;     // shorter edge; 0: not resized
  bool random_crop = false;  // else the centre
  bool random_mirror = false;
  std::array<float, 3> mean = {123.68F, 116.28F, 103.53F};  // RGB, 0..255
  std::array<float, 3> std = {58.395F, 57.12F, 57.375F};
};

enum class LastBatch {
  kPad,      // filled with the first pictures of the epoch; the fill has weight zero
  kDiscard,  // left out
  kMxnet,    // filled in the same way; the fill counts, as in MXNet
};

enum class OnBadImage { kFail, kSkip };

struct LoaderOptions {
  int batch_size = 1;
  bool shuffle = false;
  LastBatch last_batch = LastBatch::kPad;
  OnBadImage on_bad_image = OnBadImage::kFail;
  uint64_t seed = 0;
  // 0: pictures are decoded by the calling thread's OpenMP team inside next(), which costs the engine
  // least on a machine whose cores are all busy computing. n > 0: by n background threads.
  int threads = 0;
};

struct Batch {
  Tensor images;   // (N,C,H,W) float32
  Tensor labels;   // (N, label columns) float32
  int count = 0;   // real pictures; the rest up to N is fill
  std::vector<int64_t> positions;  // of each of the N pictures in the list
};

// Where an epoch's iteration stands; enough to continue it in another process.
struct LoaderState {
  uint64_t epoch = 0;
  uint64_t batch = 0;  // next batch of that epoch
};

class Loader {
 public:
  Loader(ImageList list, std::filesystem::path image_root, const Preprocessing& preprocessing,
         const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  [[nodiscard]] const ImageList& list() const;
  [[nodiscard]] int64_t batches_per_epoch() const;

  void start_epoch(uint64_t epoch);
  [[nodiscard]] LoaderState state() const;
  void restore(const LoaderState& state);
  // Fills `batch` (its tensors are reused when they have the right shape); false at the epoch's end.
  // Throws kInput for a picture that cannot be used, unless bad ones are skipped.
  [[nodiscard]] bool next(Batch& batch);
  // Pictures skipped so far: path and reason, each once.
  [[nodiscard]] std::vector<std::string> skipped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Files of the list that are missing in the folder (up to `most` paths; `missing_count` counts all).
[[nodiscard]] std::vector<std::string> find_missing_images(const ImageList& list,
                                                           const std::filesystem::path& image_root,
                                                           size_t most, size_t& missing_count);

}  // namespace orthrus
