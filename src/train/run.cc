#include "train/run.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/file.h"
#include "base/options_parse.h"
#include "base/threads.h"
#include "model/finetune.h"
#include "model/label_check.h"
#include "model/label_counts.h"
#include "train/environment.h"
#include "train/missing_pictures.h"
#include "train/options.h"
#include "train/recorder.h"

namespace orthrus {
namespace {

// Passes everything on, and looks after each step whether a long search for missing pictures has
// come to its end.
class WatchingObserver : public ForwardingObserver {
 public:
  WatchingObserver(TrainObserver& target, std::vector<MissingPictures>& searches)
      : ForwardingObserver(target), searches_(searches) {}

  void after_step(const StepReport& report) override {
    poll();
    ForwardingObserver::after_step(report);
  }

  void poll() {
    for (MissingPictures& search : searches_) {
      const std::string warning = search.poll();
      if (!warning.empty()) warn(warning);
    }
  }

 private:
  std::vector<MissingPictures>& searches_;
};

// Class names that the data have and no task does go to the tasks.
void bind(const Pictures& pictures, std::vector<Task>& tasks, TrainObserver& observer) {
  for (const std::string& warning : pictures.list().warnings) observer.warn(warning);
  bind_columns(tasks, column_names(pictures.list()));
  take_class_names(pictures.list(), tasks);
  check_labels(pictures, tasks);
}

// What the training list's labels have to say: each task has some, and how rare its classes are.
void count_classes(const SharedPictures& train, const SharedPictures& validation,
                   std::vector<Task>& tasks, TrainObserver& observer) {
  const std::vector<LabelCounts> counts = count_labels(train->list(), tasks);
  check_labelled(train->list(), tasks, counts);
  balance_classes(tasks, counts);
  if (!validation) return;
  for (const std::string& line : unseen_classes(counts, validation->list(), tasks)) {
    observer.warn(line);
  }
}

std::unique_ptr<Loader> make_train_loader(const TrainRequest& request, SharedPictures pictures) {
  return std::make_unique<Loader>(std::move(pictures), request.preprocessing, request.loader);
}

// In list order, unchanged, and with every picture, whatever training leaves out.
std::unique_ptr<Loader> make_validation_loader(const TrainRequest& request,
                                               SharedPictures pictures) {
  LoaderOptions options = request.loader;
  options.shuffle = false;
  options.augmentation = {};
  options.sources.clear();
  if (options.last_batch == LastBatch::kDiscard) options.last_batch = LastBatch::kPad;
  return std::make_unique<Loader>(std::move(pictures), request.preprocessing, options);
}

void report_model(const Model& model, const FinetuneReport& report, TrainObserver& observer) {
  observer.note(fmt::format("model: {}; {} tasks on the features of '{}'", model.origin,
                            model.tasks.size(), report.features));
  if (!report.taken_heads.empty()) {
    observer.note(
        fmt::format("heads taken from the model: {}", fmt::join(report.taken_heads, ", ")));
  }
  if (!report.initialised.empty()) {
    observer.note(fmt::format("new values for: {}", fmt::join(report.initialised, ", ")));
  }
  if (!report.reshaped.empty()) {
    observer.warn(
        fmt::format("the model holds these with another number of classes, so they start "
                    "anew: {}",
                    fmt::join(report.reshaped, ", ")));
  }
  if (!report.superfluous.empty()) {
    observer.note(fmt::format("parameters of the model that are not needed: {}",
                              fmt::join(report.superfluous, ", ")));
  }
}

Model load_model(const TrainRequest& request, TrainObserver& observer) {
  const ModelSource source = resolve_model(request.model, request.model_epoch, request.first_epoch);
  const LoadedNetwork network = load_network(source, request.tasks.front().classes,
                                             request.preprocessing, request.loader.seed);
  FinetuneReport report;
  Model model = prepare_finetune(network, source,
                                 {.tasks = request.tasks,
                                  .preprocessing = request.preprocessing,
                                  .layer = request.layer,
                                  .seed = request.loader.seed},
                                 report);
  report_model(model, report, observer);
  return model;
}

TrainerOptions trainer_options(const TrainRequest& request, const RunFolder& folder) {
  return {.batch_size = request.loader.batch_size,
          .first_epoch = request.first_epoch,
          .end_epoch = request.end_epoch,
          .sgd = request.sgd,
          .memory = request.memory,
          .weighting = request.weighting,
          .schedule = request.schedule,
          .seed = request.loader.seed,
          .mxnet_prefix =
              request.mxnet_name.empty() ? "" : (folder.path() / request.mxnet_name).string(),
          .last = folder.last(),
          .best = folder.best(),
          .best_by = request.best_by,
          .calibrate = request.calibrate,
          .on_nan = request.on_nan,
          .bad_steps = folder.path(),
          .stop = request.stop};
}

void report_plan(const Plan& plan, bool verbose, TrainObserver& observer) {
  const std::vector<std::string> slow = plan.reference_layers();
  if (!slow.empty()) {
    observer.warn(fmt::format("computed by plain loops, slowly: {}", fmt::join(slow, ", ")));
  }
  if (!verbose) return;
  for (const std::string& refusal : plan.refusals()) observer.note(refusal);
}

// How the options differ from those that a checkpoint was written with; TOML each.
std::vector<std::string> changed_options(const std::string& now, const std::string& then) {
  const OptionTable table = train_table();
  Options current(table), former(table);
  try {
    read_option_text(now, "the options now", current);
    read_option_text(then, "the checkpoint's options", former);
  } catch (const Error& error) {  // a version with other options wrote it
    return {error.message()};
  }
  return option_changes(current, former);
}

// How the lists differ from those of a checkpoint. One that is there only now, or was there only
// then, shows in the options.
std::vector<std::string> changed_lists(const std::vector<ListIdentity>& now,
                                       const std::vector<ListIdentity>& then) {
  std::vector<std::string> changes;
  for (size_t i = 0; i < std::min(now.size(), then.size()); ++i) {
    if (now[i].hash == then[i].hash) continue;
    changes.push_back(fmt::format("'{}' ({} pictures) does not list what '{}' ({}) did",
                                  now[i].path.string(), now[i].pictures, then[i].path.string(),
                                  then[i].pictures));
  }
  return changes;
}

// Everything in which a training differs from the one that wrote the checkpoint.
std::vector<std::string> changes_since(const TrainingInputs& now, const TrainingInputs& then) {
  std::vector<std::string> changes = changed_options(now.config, then.config);
  std::ranges::move(changed_lists(now.lists, then.lists), std::back_inserter(changes));
  return changes;
}

// Puts the training where the newest checkpoint stands.
void resume(const TrainRequest& request, const TrainingInputs& inputs,
            CheckpointFolder& checkpoints, Trainer& trainer, TrainObserver& observer) {
  const CheckpointFolder::Newest newest = checkpoints.newest();
  if (!newest.checkpoint && !newest.skipped.empty()) {
    throw input_error("no checkpoint can be used:\n  {}", fmt::join(newest.skipped, "\n  "))
        .with_hint("without --resume a training begins, and puts them aside");
  }
  if (!newest.checkpoint) {
    observer.note("no checkpoint to resume from: the training begins");
    return;
  }
  const std::vector<std::string> changes = changes_since(inputs, newest.checkpoint->inputs);
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
  checkpoints.continue_from(newest.path, newest.checkpoint->state.updates);
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

// What one epoch writes, and room for the checkpoint that is written beside the two kept ones.
void check_disk(const TrainRequest& request, const RunFolder& folder, const Model& model) {
  uint64_t parameters = 0;
  for (const auto& [name, tensor] : model.parameters) parameters += tensor.size_bytes();
  const uint64_t mxnet = request.mxnet_name.empty() ? 0 : parameters;
  check_free_space(folder.path(), 2 * parameters + 3 * 2 * parameters + mxnet);
}

std::vector<std::string> replay(const TrainRequest& request, Trainer& trainer,
                                const Loader& train) {
  const BadStep step = read_bad_step(request.replay);
  std::vector<std::string> lines = trainer.replay(step);
  std::vector<std::string> pictures;
  for (const int64_t position : step.data.positions) {
    const auto index = static_cast<size_t>(position);
    if (index < train.list().entries.size())
      pictures.emplace_back(train.list().entries[index].path);
  }
  lines.push_back(fmt::format("pictures: {}", fmt::join(pictures, ", ")));
  return lines;
}

void describe_run(const TrainRequest& request, RunFolder& folder, const Plan& plan,
                  const std::string& model, const TrainingInputs& inputs, TrainObserver& observer) {
  folder.keep();
  const std::string environment = environment_json({.threads = request.threads,
                                                    .engine = cpu_backend_description(),
                                                    .plan = plan.hash(),
                                                    .model = model,
                                                    .lists = inputs.lists});
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

}  // namespace

void run_training(const TrainRequest& given, RunFolder& folder, Backend& backend,
                  TrainObserver& observer) {
  TrainRequest request = given;
  if (request.end_epoch <= request.first_epoch) {
    throw usage_error("--num-epoch {} is not over --epoch {}: there is nothing to train",
                      request.end_epoch, request.first_epoch)
        .with_hint("--num-epoch is the number of the last epoch plus one, not how many there are");
  }
  if (!request.replay.empty()) request.validation.reset();
  const TrainPictures opened = open_sources(request.train, request.tasks);
  const SharedPictures& train_pictures = opened.pictures;
  request.loader.sources = opened.turns;
  bind(*train_pictures, request.tasks, observer);
  SharedPictures validation_pictures;
  if (request.validation) {
    request.validation->may_lack_columns = request.train.size() > 1;
    validation_pictures =
        open_validation(*request.validation, train_pictures->list(), request.tasks);
    bind(*validation_pictures, request.tasks, observer);
  }
  count_classes(train_pictures, validation_pictures, request.tasks, observer);
  std::vector<MissingPictures> searches;
  searches.emplace_back(train_pictures, request.loader.on_bad_image);
  if (validation_pictures) searches.emplace_back(validation_pictures, request.loader.on_bad_image);
  WatchingObserver watching(observer, searches);
  watching.poll();

  set_threads(request.threads);
  Model model = load_model(request, observer);
  const std::unique_ptr<Loader> train = make_train_loader(request, train_pictures);
  std::unique_ptr<Loader> validation;
  if (validation_pictures) validation = make_validation_loader(request, validation_pictures);
  TrainingInputs inputs{.config = request.config, .lists = {identity_of(train_pictures->list())}};
  if (validation_pictures) inputs.lists.push_back(identity_of(validation_pictures->list()));
  check_disk(request, folder, model);
  const std::string origin = model.origin;
  CheckpointFolder checkpoints(folder.checkpoints(), inputs, request.checkpoints);
  TrainerOptions options = trainer_options(request, folder);
  options.checkpoints = &checkpoints;
  RunRecorder recorder(folder, request.tasks, watching);
  Trainer trainer(std::move(model), *train, validation.get(), backend, options, recorder);
  report_plan(trainer.plan(), request.verbose, observer);
  if (!request.replay.empty()) {
    for (const std::string& line : replay(request, trainer, *train)) observer.note(line);
    return;
  }
  if (request.resume) {
    resume(request, inputs, checkpoints, trainer, recorder);
  } else {
    folder.put_checkpoints_aside();
  }
  describe_run(request, folder, trainer.plan(), origin, inputs, recorder);
  trainer.run();
  for (const std::string& skipped : train->skipped()) observer.warn("skipped: " + skipped);
}

}  // namespace orthrus
