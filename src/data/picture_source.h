// PictureSource: a turn in an epoch's order -> bytes -> pixels -> the network's input, and what
// happens when a picture cannot be used. Used by several threads at once; it does no threading
// itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/augment.h"
#include "data/decode.h"
#include "data/picture_cache.h"
#include "data/pictures.h"
#include "data/sampler.h"

namespace orthrus {

enum class OnBadImage { kFail, kSkip };

// How many bad pictures may be skipped before the work stops: a number, or a share of the list,
// which allows one at least.
struct BadBudget {
  uint64_t count = std::numeric_limits<uint64_t>::max();
  double share = -1;  // 0 to 1; below 0: `count` holds

  [[nodiscard]] uint64_t of(size_t pictures) const;
};

// A file's contents, or why they could not be read: a file may be read long before it is wanted.
struct FileContents {
  std::vector<std::byte> bytes;
  std::optional<Error> error;
};

// Buffers of one thread.
struct PictureBuffers {
  Image decoded;
  Image cached;
  AugmentBuffers augment;
};

class PictureSource {
 public:
  // A list without label columns is fine, and so are entries without a line (made by a program).
  PictureSource(SharedPictures pictures, const Preprocessing& preprocessing,
                const Augmentation& augmentation, const DecodeLimits& limits,
                OnBadImage on_bad_image, uint64_t seed, const BadBudget& max_bad = {},
                const PictureCacheOptions& cache = {});

  [[nodiscard]] const Pictures& pictures() const { return *pictures_; }

  // Never throws for a bad file. Nothing is read of what the cache holds.
  [[nodiscard]] FileContents read(size_t position) const;

  // Makes the picture of order[turn]: pixels (C,H,W), augmented by
  // RandomStream(seed, kAugment, pass, position in the list), and labels. Answers the position
  // used. With kSkip, a picture that cannot be used is replaced by the next one of the order
  // (cyclic) that can, as it would look at its own turn, as long as no more than `max_bad` are bad.
  // `contents` is that of order[turn] where it was read already. Throws kInput for a bad picture
  // (kFail), or when all are bad.
  size_t make(std::span<const Turn> order, size_t turn, const FileContents* contents,
              PictureBuffers& buffers, std::span<float> pixels, std::span<float> labels);

  // Why the cache has failed, in one line; empty while it works, and where there is none.
  [[nodiscard]] std::string cache_failure() const { return cache_ ? cache_->failure() : ""; }
  // Pictures found bad so far, "list:line: reason", in the list's order.
  [[nodiscard]] std::vector<std::string> skipped() const;

 private:
  void make_one(const Turn& turn, const FileContents& contents, PictureBuffers& buffers,
                std::span<float> pixels) const;
  // The pixels that the network gets; they live in the buffers.
  [[nodiscard]] ImageView pixels_of(const Turn& turn, const FileContents& contents,
                                    Placement& placement, RandomStream& random,
                                    PictureBuffers& buffers) const;
  [[nodiscard]] bool known_bad(size_t position) const;
  void remember_bad(size_t position, const Error& error);
  void check_budget() const;

  SharedPictures pictures_;
  Augmenter augmenter_;
  DecodeLimits limits_;
  PixelRule rule_;
  OnBadImage on_bad_image_;
  uint64_t seed_;
  uint64_t max_bad_;
  std::unique_ptr<PictureCache> cache_;  // or none
  mutable std::mutex mutex_;             // guards bad_
  std::map<size_t, std::string> bad_;    // position -> reason
};

}  // namespace orthrus
