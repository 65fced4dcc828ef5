#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/machine.h"

namespace orthrus {

namespace {

std::string reason_of(int error) {
  return std::generic_category().message(error);
}

std::string owner_in(int descriptor) {
  std::array<char, 256> text = {};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  return size <= 0 ? "" : std::string(text.data(), static_cast<size_t>(size));
}

bool is_same_file(int descriptor, const std::filesystem::path& path) {
  struct stat opened = {}, named = {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

// 0, EWOULDBLOCK for a lock of another process, or another error of flock().
int try_lock(int descriptor, int kind) {
  return ::flock(descriptor, kind | LOCK_NB) == 0 ? 0 : errno;
}

// As try_lock(), but is not put off by is_held() of another process, which has a shared lock for a
// moment: a file that another shared lock can be had on has no owner.
int lock_as_owner(int descriptor) {
  constexpr int kMaxTries = 1000;
  int error = try_lock(descriptor, LOCK_EX);
  for (int i = 0; error == EWOULDBLOCK && i < kMaxTries; ++i) {
    if (try_lock(descriptor, LOCK_SH) != 0) return EWOULDBLOCK;
    ::flock(descriptor, LOCK_UN);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    error = try_lock(descriptor, LOCK_EX);
  }
  return error;
}

std::string this_process() {
  return fmt::format("process {} on {}", ::getpid(), host_name());
}

}  // namespace

FileLock::FileLock(std::filesystem::path path) : path_(std::move(path)) {
  do {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      throw resource_error("cannot write '{}': {}", path_.string(), reason_of(errno));
    }
    const int error = lock_as_owner(descriptor_);
    if (error == EWOULDBLOCK) throw in_use();
    if (error != 0) failure_ = reason_of(error);
    // Its owner may have removed the file between the two calls: then the lock is on nothing.
  } while (failure_.empty() && !is_same_file(descriptor_, path_));
  former_owner_ = owner_in(descriptor_);
  const std::string owner = this_process();
  const bool written =
      ::ftruncate(descriptor_, 0) == 0 &&
      ::pwrite(descriptor_, owner.data(), owner.size(), 0) == static_cast<ssize_t>(owner.size());
  if (!written) {
    const int error = errno;
    ::close(descriptor_);
    throw resource_error("cannot write '{}': {}", path_.string(), reason_of(error));
  }
}

FileLock::~FileLock() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
  ::close(descriptor_);
}

Error FileLock::in_use() {
  const std::string owner = owner_in(descriptor_);
  ::close(descriptor_);
  return resource_error("'{}' is in use by {}", path_.parent_path().string(),
                        owner.empty() ? "another process" : owner)
      .with_hint("wait for its end, or take another folder");
}

bool FileLock::is_held(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool held = try_lock(descriptor, LOCK_SH) == EWOULDBLOCK;
  ::close(descriptor);
  return held;
}

}  // namespace orthrus
