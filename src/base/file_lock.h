// A lock that one process holds on a file, so that two of them never work in the same folder. The
// system drops it when its owner ends, however that happens: a lock is never stale.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace orthrus {

class FileLock {
 public:
  // Creates the file where needed, locks it and writes the owner's process number and machine into
  // it. Throws kResource when another process holds it (naming that one), or it cannot be written.
  explicit FileLock(std::filesystem::path path);
  ~FileLock();  // removes the file and lets go
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // Who held it last and did not let go ("process 12 on host"): it was killed. Empty when nobody.
  [[nodiscard]] const std::string& former_owner() const { return former_owner_; }
  // Empty, or why this file system has no locks: then nothing is locked.
  [[nodiscard]] const std::string& failure() const { return failure_; }

  // Whether a process holds a lock on that file now. Asking never makes another one's start fail.
  [[nodiscard]] static bool is_held(const std::filesystem::path& path);

 private:
  [[nodiscard]] Error in_use();

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string former_owner_;
  std::string failure_;
};

}  // namespace orthrus
