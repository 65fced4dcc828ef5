// PictureCache: decoded and resized pictures, kept from one epoch to the next within a budget, in
// memory or in a file without a name, which the system removes when the process ends. What is in it
// stays; when the budget is used up, the pictures that came later are decoded every time. It holds
// exactly what would be decoded, so it changes no pixel. Used by several threads at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "data/image.h"

namespace orthrus {

enum class PictureCacheKind { kOff, kRam, kDisk };

struct PictureCacheOptions {
  PictureCacheKind kind = PictureCacheKind::kOff;
  uint64_t most_bytes = uint64_t{1} << 30;
  std::filesystem::path folder = {};  // of the file; empty: the system's for temporary files
};

class PictureCache {
 public:
  // Throws kResource when the file cannot be made.
  explicit PictureCache(const PictureCacheOptions& options);
  ~PictureCache();
  PictureCache(const PictureCache&) = delete;
  PictureCache& operator=(const PictureCache&) = delete;

  [[nodiscard]] bool holds(size_t position) const;
  // Whether one more of this size may be put in.
  [[nodiscard]] bool has_room(Size resized) const;
  // `decoded`: its size before it was resized. Does nothing when there is no room. Throws kResource
  // when the disk is full.
  void put(size_t position, Size decoded, const Image& resized);
  // False when it is not there. Throws kResource when the file cannot be read.
  [[nodiscard]] bool get(size_t position, Size& decoded, Image& resized) const;

 private:
  struct Entry {
    Size decoded, resized;
    uint64_t offset = 0;               // in the file
    std::unique_ptr<uint8_t[]> bytes;  // in memory
  };

  PictureCacheOptions options_;
  int file_ = -1;
  mutable std::mutex mutex_;  // guards entries_; what they point to never changes
  std::unordered_map<size_t, Entry> entries_;
  std::atomic<uint64_t> used_bytes_ = 0;
};

}  // namespace orthrus
