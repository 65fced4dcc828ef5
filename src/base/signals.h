// SIGINT and SIGTERM as a wish that long work polls: while a StopSignals object lives, the first of
// them only sets a flag, so that a training can write its checkpoint; the second one ends the
// process at once with 130 or 143.
#pragma once

namespace orthrus {

// One at a time per process (the constructor throws kInternal otherwise): signal handlers are
// process-wide by nature. The destructor puts the former handlers back.
class StopSignals {
 public:
  // `notice` is written to standard error as soon as the first signal comes: a text of static
  // lifetime with its newline, or nullptr.
  explicit StopSignals(const char* notice);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  [[nodiscard]] bool requested() const { return signal() != 0; }
  // SIGINT, SIGTERM, or 0.
  [[nodiscard]] int signal() const;
  // Throws kInterrupted or kTerminated when a signal has come.
  void throw_if_requested() const;
};

}  // namespace orthrus
