#include "base/signals.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace orthrus {

namespace {

constexpr std::array<int, 2> kSignals = {SIGINT, SIGTERM};

// A handler can reach nothing but objects of static lifetime; lock-free atomics are safe in it.
std::atomic<bool> installed = false;
std::atomic<int> received = 0;
std::atomic<const char*> first_notice = nullptr;
std::array<struct sigaction, 2> former = {};

static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void orthrus_on_stop_signal(int number) {
  int none = 0;
  if (!received.compare_exchange_strong(none, number)) ::_exit(128 + number);
  const char* notice = first_notice;
  if (notice == nullptr) return;
  const int error = errno;
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, notice, std::strlen(notice));
  errno = error;
}

}  // namespace

StopSignals::StopSignals(const char* notice) {
  if (installed.exchange(true)) throw internal_error("a StopSignals object exists already");
  received = 0;
  first_notice = notice;
  struct sigaction action = {};
  action.sa_handler = orthrus_on_stop_signal;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &former[i]);
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &former[i], nullptr);
  installed = false;
}

int StopSignals::signal() const {
  return received;
}

void StopSignals::throw_if_requested() const {
  if (!requested()) return;
  const bool interrupted = signal() == SIGINT;
  throw Error(interrupted ? ErrorKind::kInterrupted : ErrorKind::kTerminated,
              interrupted ? "interrupted" : "terminated");
}

}  // namespace orthrus
