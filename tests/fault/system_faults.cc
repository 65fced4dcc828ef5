#include "fault/system_faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>

namespace orthrus {
namespace {

std::atomic<SystemFaults*> living = nullptr;

// The function of that name which this program's own one hides.
template <typename Function>
Function* hidden(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

using Open = int(const char*, int, ...);
using OpenAt = int(int, const char*, int, ...);

}  // namespace

SystemFaults::SystemFaults(const SystemFault& fault) : fault_(fault) {
  SystemFaults* none = nullptr;
  if (!living.compare_exchange_strong(none, this)) throw std::logic_error("one at a time");
}

SystemFaults::~SystemFaults() {
  living = nullptr;
}

bool SystemFaults::strike(SystemCall call) {
  SystemFaults* faults = living.load(std::memory_order_relaxed);
  if (faults == nullptr) return false;
  const SystemFault& fault = faults->fault_;
  const bool counted = fault.call == SystemCall::kAnyOfFiles
                           ? call != SystemCall::kAllocate && call != SystemCall::kThread
                           : fault.call == call;
  if (!counted) return false;
  const int64_t number = ++faults->calls_;
  if (number < fault.first || (number > fault.first && !fault.for_ever)) return false;
  faults->struck_ = true;
  errno = fault.error;
  return true;
}

}  // namespace orthrus

using orthrus::hidden;
using orthrus::SystemCall;
using orthrus::SystemFaults;

extern "C" {

int open(const char* path, int flags, ...) {
  static const auto next = hidden<orthrus::Open>("open");
  std::va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (SystemFaults::strike(SystemCall::kOpen) && errno != 0) return -1;
  return next(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  static const auto next = hidden<orthrus::OpenAt>("openat");
  std::va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (SystemFaults::strike(SystemCall::kOpen) && errno != 0) return -1;
  return next(folder, path, flags, mode);
}

// Of std::ifstream.
std::FILE* fopen64(const char* path, const char* mode) {
  static const auto next = hidden<decltype(fopen64)>("fopen64");
  if (SystemFaults::strike(SystemCall::kOpen) && errno != 0) return nullptr;
  return next(path, mode);
}

ssize_t read(int descriptor, void* into, size_t size) {
  static const auto next = hidden<decltype(read)>("read");
  if (!SystemFaults::strike(SystemCall::kRead)) return next(descriptor, into, size);
  return errno != 0 ? -1 : next(descriptor, into, std::min<size_t>(1, size));
}

ssize_t pread(int descriptor, void* into, size_t size, off_t offset) {
  static const auto next = hidden<decltype(pread)>("pread");
  if (!SystemFaults::strike(SystemCall::kRead)) return next(descriptor, into, size, offset);
  return errno != 0 ? -1 : next(descriptor, into, std::min<size_t>(1, size), offset);
}

dirent* readdir(DIR* folder) {
  static const auto next = hidden<decltype(readdir)>("readdir");
  if (SystemFaults::strike(SystemCall::kRead) && errno != 0 && errno != EINTR) return nullptr;
  return next(folder);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static const auto next = hidden<decltype(write)>("write");
  if (!SystemFaults::strike(SystemCall::kWrite)) return next(descriptor, bytes, size);
  return errno != 0 ? -1 : next(descriptor, bytes, std::min<size_t>(1, size));
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  static const auto next = hidden<decltype(pwrite)>("pwrite");
  if (!SystemFaults::strike(SystemCall::kWrite)) return next(descriptor, bytes, size, offset);
  return errno != 0 ? -1 : next(descriptor, bytes, std::min<size_t>(1, size), offset);
}

int fsync(int) {
  return SystemFaults::strike(SystemCall::kSync) && errno != 0 ? -1 : 0;
}

int close(int descriptor) {
  static const auto next = hidden<decltype(close)>("close");
  const bool strikes = SystemFaults::strike(SystemCall::kClose);
  const int error = strikes ? errno : 0;
  const int result = next(descriptor);  // even where close() reports an error, all is released
  if (error == 0) return result;
  errno = error;
  return -1;
}

int rename(const char* from, const char* to) noexcept {
  static const auto next = hidden<decltype(rename)>("rename");
  if (SystemFaults::strike(SystemCall::kRename) && errno != 0) return -1;
  return next(from, to);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) noexcept {
  static const auto next = hidden<decltype(pthread_create)>("pthread_create");
  if (SystemFaults::strike(SystemCall::kThread)) return errno;
  return next(thread, attributes, run, argument);
}

void* aligned_alloc(size_t alignment, size_t size) noexcept {
  static const auto next = hidden<decltype(aligned_alloc)>("aligned_alloc");
  return SystemFaults::strike(SystemCall::kAllocate) ? nullptr : next(alignment, size);
}

}  // extern "C"

void* operator new(size_t size) {
  if (SystemFaults::strike(SystemCall::kAllocate)) throw std::bad_alloc();
  void* memory = std::malloc(std::max<size_t>(size, 1));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// std::stable_sort asks for its buffer in this way.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  if (SystemFaults::strike(SystemCall::kAllocate)) return nullptr;
  return std::malloc(std::max<size_t>(size, 1));
}

void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
