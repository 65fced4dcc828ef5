#include "train/recorder.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "train/metrics_file.h"

namespace orthrus {
namespace {

constexpr std::chrono::seconds kFlushEvery(2);

}  // namespace

RunRecorder::RunRecorder(const RunFolder& folder, std::vector<Task> tasks, TrainObserver& target)
    : ForwardingObserver(target), folder_(folder), tasks_(std::move(tasks)) {}

template <typename Write>
void RunRecorder::record(Write write) {
  if (failed_) return;
  try {
    write();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kResource) throw;
    failed_ = true;
    warn(error.message() + "; the training goes on without recording its figures");
  }
}

EventFile& RunRecorder::events(int64_t next_update) {
  if (!events_) {
    events_ = std::make_unique<EventFile>(folder_.path(), next_update > 1 ? next_update : 0);
  }
  return *events_;
}

void RunRecorder::after_step(const StepReport& report) {
  const std::vector<double> losses = step_losses_.next(report);
  record([&] {
    EventFile& file = events(report.update);
    file.add_scalar("step/learning_rate", report.update, report.learning_rate);
    for (size_t task = 0; task < tasks_.size(); ++task) {
      if (std::isnan(losses[task])) continue;
      file.add_scalar("step/loss/" + tasks_[task].name, report.update, losses[task]);
    }
    if (Clock::now() - last_flush_ < kFlushEvery) return;
    file.flush();
    last_flush_ = Clock::now();
  });
  ForwardingObserver::after_step(report);
}

void RunRecorder::after_epoch(const EpochReport& report) {
  history_.push_back(report);
  record([&] {
    write_file(folder_.metrics(), metrics_csv(history_, tasks_));
    EventFile& file = events(report.updates);
    for (size_t task = 0; task < tasks_.size(); ++task) {
      const std::string& name = tasks_[task].name;
      file.add_scalar("train/loss/" + name, report.updates, report.train[task].mean_loss());
      file.add_scalar("train/accuracy/" + name, report.updates, report.train[task].accuracy());
      file.add_scalar("train/weight/" + name, report.updates, report.task_weights[task]);
      if (report.validation.empty()) continue;
      const MetricSums& sums = report.validation[task];
      file.add_scalar("validation/loss/" + name, report.updates, sums.mean_loss());
      file.add_scalar("validation/accuracy/" + name, report.updates, sums.accuracy());
    }
    if (report.score) file.add_scalar("validation/score", report.updates, *report.score);
    file.flush();
  });
  ForwardingObserver::after_epoch(report);
}

void RunRecorder::go_back(const TrainerState& state) {
  history_ = state.history;
  step_losses_.go_on_from(state.epoch_sums);
  record([&] {
    write_file(folder_.metrics(), metrics_csv(history_, tasks_));
    events_.reset();
    (void)events(state.updates + 1);
  });
}

}  // namespace orthrus
