#include "cli/train_observer.h"

#include <fmt/format.h>

#include <csignal>
#include <string>
#include <vector>

#include "infer/compute.h"

namespace orthrus {

namespace {

std::string task_text(const std::vector<MetricSums>& sums) {
  std::string text;
  for (size_t task = 0; task < sums.size(); ++task) {
    text += fmt::format("{}task{} loss {:.3f} acc {:.1f}%", task == 0 ? "" : ", ", task,
                        sums[task].mean_loss(), 100 * sums[task].accuracy());
  }
  return text;
}

}  // namespace

void ConsoleObserver::log(std::string_view line) {
  log_.add(terminal_.traits().animated ? LogLevel::kDetail : LogLevel::kInfo, line);
}

void ConsoleObserver::after_step(const StepReport& report) {
  if (!terminal_.traits().animated) return;
  if (!progress_) {
    progress_ = std::make_unique<Progress>(
        terminal_, fmt::format("epoch {}/{}", report.epoch + 1, report.end_epoch),
        report.batches * pictures_);
  }
  const int64_t done = report.batch * pictures_;
  progress_->advance(done - progress_->state().done, task_text(report.epoch_sums));
  if (report.batch == report.batches) {
    progress_->finish(task_text(report.epoch_sums));
    progress_.reset();
  }
}

void ConsoleObserver::progress(std::string_view what, int64_t done, int64_t total) {
  if (!terminal_.traits().animated) return;
  if (!progress_) progress_ = std::make_unique<Progress>(terminal_, std::string(what), total);
  progress_->advance(done - progress_->state().done);
  if (done < total) return;
  progress_->finish();
  progress_.reset();
}

void ConsoleObserver::after_epoch(const EpochReport& report) {
  if (!terminal_.traits().animated || report.validation.empty()) return;
  log_.info("epoch {}: validation {}", report.epoch + 1, task_text(report.validation));
}

std::unique_ptr<Backend> training_backend(const Options& options) {
  return make_backend(options, !options.boolean("train.exact"));
}

std::optional<ErrorKind> stop_kind(const StopSignals& signals) {
  if (!signals.requested()) return std::nullopt;
  return signals.signal() == SIGTERM ? ErrorKind::kTerminated : ErrorKind::kInterrupted;
}

}  // namespace orthrus
