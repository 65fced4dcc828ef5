#include "data/picture_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "base/error.h"

namespace orthrus {

namespace {

uint64_t bytes_of(Size size) {
  return 3 * static_cast<uint64_t>(size.width) * static_cast<uint64_t>(size.height);
}

std::filesystem::path folder_of(const PictureCacheOptions& options) {
  return options.folder.empty() ? std::filesystem::temp_directory_path() : options.folder;
}

bool is_full_disk(int error) {
  return error == ENOSPC || error == EDQUOT;
}

// -1 with errno when it cannot be made.
int open_nameless(const std::filesystem::path& folder) {
  std::string path = (folder / "orthrus-cache-XXXXXX").string();
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file >= 0) ::unlink(path.c_str());
  return file;
}

// pread and pwrite until all is done. Returns an error number, 0: done; ENODATA where the file
// ends.
template <typename Transfer>
int transfer_all(const Transfer& transfer, uint64_t size) {
  for (uint64_t done = 0; done < size;) {
    const ssize_t now = transfer(done);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return now == 0 ? ENODATA : errno;
    done += static_cast<uint64_t>(now);
  }
  return 0;
}

}  // namespace

PictureCache::PictureCache(const PictureCacheOptions& options) : options_(options) {
  if (options.kind != PictureCacheKind::kDisk) return;
  const std::filesystem::path folder = folder_of(options);
  file_ = open_nameless(folder);
  if (file_ >= 0) return;
  const int error = errno;
  if (is_full_disk(error)) {
    fail(Trouble::kMake, error);
    return;
  }
  throw resource_error("the cache cannot be made in '{}': {}", folder.string(),
                       std::strerror(error))
      .with_hint("--picture-cache-dir names a folder on a disk with room for it");
}

PictureCache::~PictureCache() {
  if (file_ >= 0) ::close(file_);
}

bool PictureCache::holds(size_t position) const {
  if (empty_) return false;
  const std::scoped_lock lock(mutex_);
  return entries_.contains(position);
}

bool PictureCache::has_room(Size resized) const {
  return !closed_ && used_bytes_ + bytes_of(resized) <= options_.most_bytes;
}

void PictureCache::put(size_t position, Size decoded, const Image& resized) {
  const Size size = resized.view().whole();
  const uint64_t bytes = bytes_of(size);
  const uint64_t offset = used_bytes_.fetch_add(bytes);
  const bool room = !closed_ && offset + bytes <= options_.most_bytes;
  if (room && store(position, {decoded, size, offset, nullptr}, resized)) return;
  used_bytes_ -= bytes;
}

bool PictureCache::store(size_t position, Entry entry, const Image& resized) {
  const uint64_t bytes = bytes_of(entry.resized);
  try {
    if (options_.kind == PictureCacheKind::kDisk) {
      const int error = transfer_all(
          [&](uint64_t done) {
            return ::pwrite(file_, resized.row(0) + done, bytes - done,
                            static_cast<off_t>(entry.offset + done));
          },
          bytes);
      if (error != 0) {
        fail(Trouble::kWrite, error);
        return false;
      }
    } else {
      entry.bytes.reset(new uint8_t[bytes]);
      std::memcpy(entry.bytes.get(), resized.row(0), bytes);
    }
    const std::scoped_lock lock(mutex_);
    entries_.emplace(position, std::move(entry));
    return true;
  } catch (const std::bad_alloc&) {
    fail(Trouble::kMemory, ENOMEM);
    return false;
  }
}

bool PictureCache::get(size_t position, Size& decoded, Image& resized) const {
  if (empty_) return false;
  const Entry* entry = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(position);
    if (found == entries_.end()) return false;
    entry = &found->second;  // stays where it is when others are added
  }
  decoded = entry->decoded;
  resized.resize(entry->resized.width, entry->resized.height);
  const uint64_t bytes = bytes_of(entry->resized);
  if (entry->bytes) {
    std::memcpy(resized.row(0), entry->bytes.get(), bytes);
    return true;
  }
  const int error = transfer_all(
      [&](uint64_t done) {
        return ::pread(file_, resized.row(0) + done, bytes - done,
                       static_cast<off_t>(entry->offset + done));
      },
      bytes);
  if (error != 0) fail(Trouble::kRead, error);
  return error == 0 && !empty_;  // else it may have been read out of a file cut off meanwhile
}

// The first trouble is the cause of what others follow.
void PictureCache::fail(Trouble trouble, int error) const noexcept {
  closed_ = true;
  const std::scoped_lock lock(mutex_);
  if (trouble_ != Trouble::kNone) return;
  trouble_ = trouble;
  error_ = error;
  if (options_.kind != PictureCacheKind::kDisk || trouble == Trouble::kMemory) return;
  // What the file takes is worth more to the models that will be written to a full disk.
  empty_ = true;
  if (file_ >= 0) (void)!::ftruncate(file_, 0);
}

std::string PictureCache::failure() const {
  if (!closed_) return {};
  const std::scoped_lock lock(mutex_);
  const std::string reason = std::strerror(error_);
  switch (trouble_) {
    case Trouble::kNone:
      return {};
    case Trouble::kMake:
      return "--picture-cache: the cache cannot be created: " + reason + "; continuing without it";
    case Trouble::kWrite:
      return "--picture-cache: the cache cannot be written: " + reason + "; continuing without it";
    case Trouble::kRead:
      return "--picture-cache: the cache cannot be read: " + reason + "; continuing without it";
    case Trouble::kMemory:
      return "--picture-cache: out of memory; no more images are cached";
  }
  return {};
}

}  // namespace orthrus
