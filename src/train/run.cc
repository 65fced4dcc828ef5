#include "train/run.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/file.h"
#include "base/options_parse.h"
#include "train/config_paths.h"
#include "train/environment.h"
#include "train/feature_caching.h"
#include "train/heads_first.h"
#include "train/options.h"
#include "train/phases.h"
#include "train/prepare.h"
#include "train/recorder.h"
#include "train/task_options.h"

namespace orthrus {
namespace {

// Passes everything on, and looks after each step whether a long search for missing pictures has
// come to its end, and whether the cache of decoded ones has failed.
class WatchingObserver : public ForwardingObserver {
 public:
  WatchingObserver(TrainObserver& target, PreparedTraining& prepared)
      : ForwardingObserver(target), prepared_(prepared) {}

  void after_step(const StepReport& report) override {
    poll();
    ForwardingObserver::after_step(report);
  }

 private:
  void poll() {
    for (MissingPictures& search : prepared_.searches) {
      const std::string warning = search.poll();
      if (!warning.empty()) warn(warning);
    }
    if (cache_failed_ || !prepared_.train_loader) return;
    const std::string failure = prepared_.train_loader->cache_failure();
    cache_failed_ = !failure.empty();
    if (cache_failed_) warn(failure);
  }

  PreparedTraining& prepared_;
  bool cache_failed_ = false;
};

void report_plan(const Plan& plan, bool verbose, TrainObserver& observer) {
  const std::vector<std::string> slow = plan.reference_layers();
  if (!slow.empty()) {
    observer.warn(fmt::format("computed by plain loops, slowly: {}", fmt::join(slow, ", ")));
  }
  if (!verbose) return;
  for (const std::string& refusal : plan.refusals()) observer.note(refusal);
}

// How the options differ from those that a checkpoint was written with; TOML each. `now_in`,
// `then_in`: to which their paths belong; the latter is empty where that is not known.
std::vector<std::string> changed_options(const std::string& now, const std::string& then,
                                         const std::filesystem::path& now_in,
                                         const std::filesystem::path& then_in) {
  const OptionTable table = train_table();
  Options current(table), former(table);
  try {
    read_option_text(now, "the options now", current);
    read_option_text(then, "the checkpoint's options", former);
    if (written_before_label_columns(then)) {
      former.set("data.label_column", current.list("data.label_column"), OptionOrigin::kFile, "");
    }
  } catch (const Error& error) {  // a version with other options wrote it
    return {error.message()};
  }
  if (!then_in.empty()) agree_on_paths(current, now_in, former, then_in);
  return option_changes(current, former);
}

// How the lists differ from those of a checkpoint. One that is there only now, or was there only
// then, shows in the options. Of a table, earlier builds kept the hash of all its columns:
// what is compared then is its length.
std::vector<std::string> changed_lists(const std::vector<ListIdentity>& now,
                                       const std::vector<ListIdentity>& then, bool all_columns) {
  std::vector<std::string> changes;
  for (size_t i = 0; i < std::min(now.size(), then.size()); ++i) {
    if (now[i].hash == then[i].hash) continue;
    const bool is_table = data_kind(now[i].path) == DataKind::kTable;
    if (all_columns && is_table && now[i].pictures == then[i].pictures) continue;
    changes.push_back(fmt::format("'{}' ({} pictures) does not list what '{}' ({}) did",
                                  now[i].path.string(), now[i].pictures, then[i].path.string(),
                                  then[i].pictures));
  }
  return changes;
}

// Everything in which a training differs from the one that wrote the checkpoint.
std::vector<std::string> changes_since(const TrainingInputs& now, const TrainingInputs& then,
                                       const std::filesystem::path& now_in,
                                       const std::filesystem::path& then_in) {
  std::vector<std::string> changes = changed_options(now.config, then.config, now_in, then_in);
  std::ranges::move(changed_lists(now.lists, then.lists, written_before_label_columns(then.config)),
                    std::back_inserter(changes));
  return changes;
}

// None where there are no checkpoints; throws kInput when none of them can be used.
CheckpointFolder::Newest newest_usable(const CheckpointFolder& checkpoints) {
  CheckpointFolder::Newest newest = checkpoints.newest();
  if (!newest.checkpoint && !newest.skipped.empty()) {
    throw input_error("no checkpoint can be used:\n  {}", fmt::join(newest.skipped, "\n  "))
        .with_hint("without --resume a training begins, and puts them aside");
  }
  return newest;
}

// Puts the training where the newest checkpoint stands.
void resume(const TrainRequest& request, const RunFolder& folder, const TrainingInputs& inputs,
            const CheckpointFolder::Newest& newest, CheckpointFolder& checkpoints, Trainer& trainer,
            TrainObserver& observer) {
  if (!newest.checkpoint) {
    observer.note("no checkpoint to resume from: the training begins");
    return;
  }
  const std::vector<std::string> changes = changes_since(
      inputs, newest.checkpoint->inputs, request.started_in, started_in(folder.environment()));
  if (!changes.empty() && !request.force) {
    throw usage_error("the training of '{}' was given something else:\n  {}", newest.path.string(),
                      fmt::join(changes, "\n  "))
        .with_hint("give the same, or --force to go on with what is new");
  }
  try {
    trainer.restore(newest.checkpoint->state);
  } catch (const Error& error) {
    throw error.within("cannot continue from '" + newest.path.string() + "'");
  }
  const TrainerState& state = newest.checkpoint->state;
  checkpoints.continue_from(state.stopped_after.value_or(state.updates));
  observer.resumed(newest.checkpoint->state);
  for (const std::string& reason : newest.skipped) observer.warn("passed over: " + reason);
  for (const std::string& change : changes) observer.warn("changed since: " + change);
  observer.note(fmt::format("resumed from '{}': epoch {}, {} updates done", newest.path.string(),
                            newest.checkpoint->state.epoch, newest.checkpoint->state.updates));
  if (newest.checkpoint->state.epoch >= request.end_epoch) {
    observer.note(fmt::format("nothing is left to train: it ended with epoch {}",
                              newest.checkpoint->state.epoch - 1));
  }
}

// What one epoch writes: the models, and a checkpoint beside one or two. Whether there is room for
// more checkpoints is looked at when they are written.
void check_disk(const TrainRequest& request, const RunFolder& folder, const Model& model) {
  uint64_t parameters = 0;
  for (const auto& [name, tensor] : model.parameters) parameters += tensor.size_bytes();
  const uint64_t mxnet = request.mxnet_name.empty() ? 0 : parameters;
  const uint64_t checkpoints = request.checkpoints.keep > 1 ? 3 : 2;
  check_free_space(folder.path(), 2 * parameters + checkpoints * 2 * parameters + mxnet);
}

void replay(const BadStep& step, Trainer& trainer, const PreparedTraining& prepared,
            TrainObserver& observer) {
  for (const std::string& line : trainer.replay(step)) observer.note(line);
  const SharedPictures& source =
      step.validation ? prepared.validation_pictures : prepared.train_pictures;
  std::vector<std::string> pictures;
  for (const int64_t position : step.data.positions) {
    const auto index = static_cast<size_t>(position);
    if (index >= source->list().entries.size()) continue;
    pictures.emplace_back(source->list().entries[index].path);
  }
  observer.note(fmt::format("pictures: {}", fmt::join(pictures, ", ")));
}

// What computes a saved step again needs no validation but that in which it was saved.
TrainRequest request_to_replay(TrainRequest request, const BadStep& step) {
  if (!step.validation) request.validation.reset();
  if (step.validation && !request.validation) {
    throw usage_error("--replay: that step is of a validation, and there is none")
        .with_hint("give the --data-val that the training had");
  }
  return request;
}

void describe_run(const TrainRequest& request, RunFolder& folder, uint64_t plan,
                  const std::string& model, const TrainingInputs& inputs, TrainObserver& observer) {
  folder.keep();
  const std::string environment = environment_json({.threads = request.threads,
                                                    .engine = cpu_backend_description(),
                                                    .plan = plan,
                                                    .model = model,
                                                    .lists = inputs.lists,
                                                    .started_in = request.started_in});
  if (request.resume && std::filesystem::exists(folder.environment())) {
    for (const std::string& change :
         environment_changes(environment, read_text(folder.environment()))) {
      observer.warn(
          fmt::format("changed since, so the results will not be the same bytes: {}", change));
    }
  }
  write_file(folder.environment(), environment);
  if (!request.config.empty()) write_file(folder.config(), request.config);
}

// Pictures, and batches of them, in the size of the phase.
void begin_phase(const TrainingPhase& phase, PreparedTraining& prepared, TrainerOptions& options,
                 TrainObserver& observer) {
  const Preprocessing& size = phase.preprocessing;
  options.picture_shape = picture_shape(size, options.batch_size);
  prepared.train_loader =
      std::make_unique<Loader>(prepared.train_pictures, size, prepared.request.loader);
  observer.note(fmt::format("until epoch {}: pictures of {}x{} pixels", phase.end_epoch - 1,
                            size.height, size.width));
}

}  // namespace

void run_training(const TrainRequest& given, RunFolder& folder, Backend& backend,
                  TrainObserver& observer) {
  std::optional<BadStep> bad_step;
  if (!given.replay.empty()) bad_step = read_bad_step(given.replay);
  PreparedTraining prepared =
      prepare_training(bad_step ? request_to_replay(given, *bad_step) : given, backend, observer);
  TrainRequest& request = prepared.request;
  if (request.started_in.empty()) request.started_in = std::filesystem::current_path();
  TrainingInputs inputs{.config = request.config,
                        .lists = {identity_of(prepared.train_pictures->list())}};
  if (prepared.validation_pictures) {
    inputs.lists.push_back(identity_of(prepared.validation_pictures->list()));
  }
  check_disk(request, folder, prepared.model);
  const std::string origin = prepared.model.origin;
  CheckpointFolder checkpoints(folder.checkpoints(), inputs, request.checkpoints);
  CheckpointFolder::Newest newest;
  if (request.resume) newest = newest_usable(checkpoints);
  if (!bad_step) {
    // A rollback may lead to the start, which is then wanted after a resume too.
    const bool wants_start = !newest.checkpoint || request.on_nan == OnNan::kRollback;
    if (request.heads_first > 0 && wants_start) {
      train_heads_first(prepared, backend, observer);
    }
    cache_features(prepared, observer);
    if (request.solve && !newest.checkpoint) solve_heads(prepared, backend, observer);
  }
  TrainerOptions options = trainer_options(prepared);
  if (request.solve) {  // an epoch that changes nothing measures and saves what was found
    options.end_epoch = options.first_epoch + 1;
    options.schedule = {.kind = ScheduleKind::kConstant, .base = 0};
  }
  if (!request.mxnet_name.empty()) {
    options.mxnet_prefix = (folder.path() / request.mxnet_name).string();
  }
  options.last = folder.last();
  options.best = folder.best();
  options.bad_steps = folder.path();
  options.checkpoints = &checkpoints;
  WatchingObserver watching(observer, prepared);
  RunRecorder recorder(folder, request.tasks, watching);
  const std::vector<TrainingPhase> phases = training_phases(request, prepared.model, prepared.part);
  // A training that is gone on with stands in one of them.
  int epoch = request.first_epoch;
  if (newest.checkpoint) epoch = newest.checkpoint->state.epoch;
  if (bad_step) epoch = bad_step->epoch;
  std::optional<TrainerState> state;  // in which the phase before ended
  for (size_t i = 0; i < phases.size(); ++i) {
    const TrainingPhase& phase = phases[i];
    const bool last = i + 1 == phases.size();
    if (phase.end_epoch <= epoch && !last) continue;
    if (i > 0) options.phase_epoch = phases[i - 1].end_epoch;
    if (!request.progressive.empty()) begin_phase(phase, prepared, options, observer);
    Trainer trainer(last ? std::move(prepared.model) : prepared.model, prepared.train(),
                    prepared.validation(), backend, options, recorder);
    if (bad_step) {
      replay(*bad_step, trainer, prepared, recorder);
      return;
    }
    if (state) {
      trainer.restore(*state);
    } else {
      report_plan(trainer.plan(), request.verbose, observer);
      if (request.resume) {
        resume(request, folder, inputs, newest, checkpoints, trainer, recorder);
      } else {
        folder.put_checkpoints_aside();
      }
      // Each phase has a plan of its own; a training goes on in any of them.
      const uint64_t plan = phases.size() > 1 ? 0 : trainer.plan().hash();
      describe_run(request, folder, plan, origin, inputs, recorder);
    }
    const bool goes_on = trainer.run(last ? options.end_epoch : phase.end_epoch);
    for (const std::string& skipped : prepared.train_loader->skipped()) {
      observer.warn("skipped: " + skipped);
    }
    if (!goes_on) return;
    if (!last) state = trainer.state();
  }
}

}  // namespace orthrus
