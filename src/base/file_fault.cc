#include "base/file_fault.h"

#include <cerrno>

#include "base/error.h"

namespace orthrus {

namespace {

std::atomic<FileFaults*> active = nullptr;

}  // namespace

FileFaults::FileFaults(const FileFault& fault) : fault_(fault) {
  FileFaults* none = nullptr;
  if (!active.compare_exchange_strong(none, this)) {
    throw internal_error("a FileFaults object exists already");
  }
}

FileFaults::~FileFaults() {
  active = nullptr;
}

bool FileFaults::strike(FileCall call) {
  FileFaults* faults = active.load(std::memory_order_relaxed);
  if (faults == nullptr) return false;
  const FileFault& fault = faults->fault_;
  if (fault.call != FileCall::kAny && fault.call != call) return false;
  const int64_t number = ++faults->calls_;
  if (number < fault.first || (number > fault.first && !fault.for_ever)) return false;
  faults->struck_ = true;
  errno = fault.error;
  return true;
}

}  // namespace orthrus
