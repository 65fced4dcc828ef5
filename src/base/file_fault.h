// Fault injection for tests: while a FileFaults object lives, the system calls of base/file.cc ask
// it first, and the k-th one fails as told. Not for the product: nothing there creates such an
// object, and no environment variable or option can.
//
//   for (int64_t k = 1;; ++k) {
//     FileFaults faults({.call = FileCall::kAny, .first = k, .error = ENOSPC});
//     try { save(); } catch (const Error&) {}
//     if (!faults.struck()) break;  // ran through without reaching the k-th call
//   }
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace orthrus {

enum class FileCall { kAny, kOpen, kRead, kWrite, kSync, kClose, kRename };

struct FileFault {
  FileCall call = FileCall::kAny;  // which calls are counted
  int64_t first = 1;               // the first one that fails, counted from 1
  bool for_ever = false;           // all later ones fail too
  int error = 0;  // errno of the failure; 0: a write or read is merely short (one byte)
};

// One at a time per process (the constructor throws kInternal otherwise). It is process-wide, and
// not a parameter of the file functions, because the calls that a test wants to fail lie many
// layers under the function it calls, on any thread.
class FileFaults {
 public:
  explicit FileFaults(const FileFault& fault);
  ~FileFaults();
  FileFaults(const FileFaults&) = delete;
  FileFaults& operator=(const FileFaults&) = delete;

  [[nodiscard]] bool struck() const { return struck_; }
  [[nodiscard]] int64_t calls() const { return calls_; }

  // For base/file.cc: true when this call is to fail, with errno set, or to be short (errno 0).
  [[nodiscard]] static bool strike(FileCall call);

 private:
  FileFault fault_;
  std::atomic<int64_t> calls_ = 0;
  std::atomic<bool> struck_ = false;
};

}  // namespace orthrus
