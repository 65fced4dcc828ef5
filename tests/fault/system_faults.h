// Fault injection: while a SystemFaults object lives, calls of the C library on files,
// allocations and starts of threads ask it first, whoever makes them on whatever thread, and the
// k-th one fails as told. This program defines those functions itself (system_faults.cc), before
// the C library's; so the product knows nothing of it. This program syncs nothing to disk, to save
// time.
//
//   for (int64_t k = 1;; ++k) {
//     const SystemFaults faults({.call = SystemCall::kWrite, .first = k, .error = ENOSPC});
//     try { save(); } catch (const Error&) {}
//     if (!faults.struck()) break;  // ran through without reaching the k-th call
//   }
#pragma once

#include <atomic>
#include <cstdint>

namespace orthrus {

enum class SystemCall {
  kAnyOfFiles,  // all but kAllocate and kThread
  kOpen,        // also of folders
  kRead,        // also of a folder's entries
  kWrite,
  kSync,
  kClose,
  kRename,
  kAllocate,  // operator new and aligned_alloc()
  kThread,    // pthread_create(); not one of kAnyOfFiles
};

struct SystemFault {
  SystemCall call = SystemCall::kAnyOfFiles;  // which calls are counted
  int64_t first = 1;                          // the first one that fails, counted from 1
  bool for_ever = false;                      // all later ones fail too
  int error = 0;  // errno of the failure; 0: a write or read is merely short (one byte)
};

// One at a time per process.
class SystemFaults {
 public:
  explicit SystemFaults(const SystemFault& fault);
  ~SystemFaults();
  SystemFaults(const SystemFaults&) = delete;
  SystemFaults& operator=(const SystemFaults&) = delete;

  [[nodiscard]] bool struck() const { return struck_; }
  [[nodiscard]] int64_t calls() const { return calls_; }

  // For the functions that take the C library's place: true when this call is to fail, with errno
  // set, or to be short (errno 0).
  [[nodiscard]] static bool strike(SystemCall call);

 private:
  SystemFault fault_;
  std::atomic<int64_t> calls_ = 0;
  std::atomic<bool> struck_ = false;
};

}  // namespace orthrus
