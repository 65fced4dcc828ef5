// What a terminal and a log file see of a training, the backend that its options ask for,
// and how it is stopped.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "backend/backend.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/signals.h"
#include "train/observer.h"

namespace orthrus {

// A bar where the terminal can draw one, MXNet's lines where it cannot; train.log has them always.
class ConsoleObserver : public TrainObserver {
 public:
  // `pictures`: of a batch. Keeps references to both.
  ConsoleObserver(Terminal& terminal, Log& log, int64_t pictures)
      : terminal_(terminal), log_(log), pictures_(pictures) {}

  void log(std::string_view line) override;
  void note(std::string_view text) override { log_.add(LogLevel::kInfo, text); }
  void warn(std::string_view text) override { log_.add(LogLevel::kWarning, text); }
  void announce(std::string_view text) override { terminal_.print_line(text); }
  void after_step(const StepReport& report) override;
  void after_epoch(const EpochReport& report) override;
  void progress(std::string_view what, int64_t done, int64_t total) override;
  [[nodiscard]] uint64_t log_size() const override { return log_.file_size(); }
  void resumed(const TrainerState& state) override { log_.cut_file(state.log_size); }

 private:
  Terminal& terminal_;
  Log& log_;
  int64_t pictures_;
  std::unique_ptr<Progress> progress_;
};

// Of --exact and compute_options(); throws what make_backend() throws.
[[nodiscard]] std::unique_ptr<Backend> training_backend(const Options& options);

// What a signal that was caught asks for; nothing while there was none.
[[nodiscard]] std::optional<ErrorKind> stop_kind(const StopSignals& signals);

}  // namespace orthrus
