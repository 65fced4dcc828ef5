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

int open_nameless(const std::filesystem::path& folder) {
  std::string path = (folder / "orthrus-cache-XXXXXX").string();
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file >= 0) {
    ::unlink(path.c_str());
    return file;
  }
  throw resource_error("the cache cannot be made in '{}': {}", folder.string(),
                       std::strerror(errno))
      .with_hint("--picture-cache-dir names a folder on a disk with room for it");
}

// pread and pwrite until all is done; `what` for the message.
template <typename Transfer>
void transfer_all(const Transfer& transfer, uint64_t size, const char* what) {
  for (uint64_t done = 0; done < size;) {
    const ssize_t now = transfer(done);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) {
      throw resource_error("the cache cannot be {}: {}", what,
                           now == 0 ? "it is too short" : std::strerror(errno))
          .with_hint("give a smaller --picture-cache-size, or --picture-cache off");
    }
    done += static_cast<uint64_t>(now);
  }
}

}  // namespace

PictureCache::PictureCache(const PictureCacheOptions& options) : options_(options) {
  if (options.kind != PictureCacheKind::kDisk) return;
  file_ = open_nameless(options.folder.empty() ? std::filesystem::temp_directory_path()
                                               : options.folder);
}

PictureCache::~PictureCache() {
  if (file_ >= 0) ::close(file_);
}

bool PictureCache::holds(size_t position) const {
  const std::scoped_lock lock(mutex_);
  return entries_.contains(position);
}

bool PictureCache::has_room(Size resized) const {
  return used_bytes_ + bytes_of(resized) <= options_.most_bytes;
}

void PictureCache::put(size_t position, Size decoded, const Image& resized) {
  const Size size = resized.view().whole();
  const uint64_t bytes = bytes_of(size);
  const uint64_t offset = used_bytes_.fetch_add(bytes);
  if (offset + bytes > options_.most_bytes) {
    used_bytes_ -= bytes;
    return;
  }
  Entry entry{.decoded = decoded, .resized = size, .offset = offset, .bytes = nullptr};
  if (options_.kind == PictureCacheKind::kDisk) {
    transfer_all(
        [&](uint64_t done) {
          return ::pwrite(file_, resized.row(0) + done, bytes - done,
                          static_cast<off_t>(offset + done));
        },
        bytes, "written");
  } else {
    entry.bytes.reset(new (std::nothrow) uint8_t[bytes]);
    if (!entry.bytes) throw resource_error("out of memory: {} bytes for the cache", bytes);
    std::memcpy(entry.bytes.get(), resized.row(0), bytes);
  }
  const std::scoped_lock lock(mutex_);
  entries_.emplace(position, std::move(entry));
}

bool PictureCache::get(size_t position, Size& decoded, Image& resized) const {
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
  transfer_all(
      [&](uint64_t done) {
        return ::pread(file_, resized.row(0) + done, bytes - done,
                       static_cast<off_t>(entry->offset + done));
      },
      bytes, "read");
  return true;
}

}  // namespace orthrus
