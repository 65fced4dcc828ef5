// PictureCache: decoded and resized pictures, kept from one epoch to the next within a budget, in
// memory or in a file without a name, which the system removes when the process ends. What is in it
// stays; when the budget is used up, the pictures that came later are decoded every time. It holds
// exactly what would be decoded, so it changes no pixel; so nothing has to end when the disk is
// full or memory is short: the cache then takes no more images, or none at all, and failure() says
// why. Used by several threads at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
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
  // Throws kResource when the file cannot be made; on a full disk it is a cache that holds nothing.
  explicit PictureCache(const PictureCacheOptions& options);
  ~PictureCache();
  PictureCache(const PictureCache&) = delete;
  PictureCache& operator=(const PictureCache&) = delete;

  [[nodiscard]] bool holds(size_t position) const;
  // Whether one more of this size may be put in.
  [[nodiscard]] bool has_room(Size resized) const;
  // `decoded`: its size before it was resized. Does nothing when there is no room.
  void put(size_t position, Size decoded, const Image& resized);
  // False when it is not there, or no more: a file that cannot be read is given up.
  [[nodiscard]] bool get(size_t position, Size& decoded, Image& resized) const;
  // Why the cache has failed, in one line for the user; empty while it works.
  [[nodiscard]] std::string failure() const;

 private:
  enum class Trouble { kNone, kMake, kWrite, kRead, kMemory };

  struct Entry {
    Size decoded, resized;
    uint64_t offset = 0;               // in the file
    std::unique_ptr<uint8_t[]> bytes;  // in memory
  };

  // Whether the image is in the cache afterwards; `offset` is its own.
  [[nodiscard]] bool store(size_t position, Entry entry, const Image& resized);
  void fail(Trouble trouble, int error) const noexcept;

  PictureCacheOptions options_;
  int file_ = -1;
  mutable std::mutex mutex_;  // guards entries_; what they point to never changes
  std::unordered_map<size_t, Entry> entries_;
  std::atomic<uint64_t> used_bytes_ = 0;
  // Set before the room of what could not be stored is given back: nobody stores there again.
  mutable std::atomic<bool> closed_ = false;
  mutable std::atomic<bool> empty_ = false;   // the file's contents are given up
  mutable Trouble trouble_ = Trouble::kNone;  // guarded by mutex_
  mutable int error_ = 0;                     // guarded by mutex_
};

}  // namespace orthrus
