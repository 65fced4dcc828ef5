#include "train/run.h"

#include <memory>
#include <utility>

#include "base/file.h"
#include "base/threads.h"
#include "model/finetune.h"
#include "model/label_check.h"
#include "train/missing_pictures.h"

namespace orthrus {
namespace {

// Passes everything on, and looks after each step whether a long search for missing pictures has
// come to its end.
class WatchingObserver : public TrainObserver {
 public:
  WatchingObserver(TrainObserver& target, std::vector<MissingPictures>& searches)
      : target_(target), searches_(searches) {}

  void log(std::string_view line) override { target_.log(line); }
  void note(std::string_view text) override { target_.note(text); }
  void warn(std::string_view text) override { target_.warn(text); }
  void after_step(const StepReport& report) override {
    poll();
    target_.after_step(report);
  }
  void after_epoch(const EpochReport& report) override { target_.after_epoch(report); }

  void poll() {
    for (MissingPictures& search : searches_) {
      const std::string warning = search.poll();
      if (!warning.empty()) target_.warn(warning);
    }
  }

 private:
  TrainObserver& target_;
  std::vector<MissingPictures>& searches_;
};

ImageList read_checked_list(const PictureFiles& files, const std::vector<Task>& tasks,
                            TrainObserver& observer) {
  ImageList list = read_list(files.list);
  for (const std::string& warning : list.warnings) observer.warn(warning);
  check_labels(list, tasks);
  return list;
}

std::unique_ptr<Loader> make_train_loader(const TrainRequest& request, ImageList list) {
  Preprocessing preprocessing = request.preprocessing;
  preprocessing.random_crop = request.augment;
  preprocessing.random_mirror = request.augment;
  return std::make_unique<Loader>(std::move(list), request.train.folder, preprocessing,
                                  request.loader);
}

// In list order and with every picture, whatever training leaves out.
std::unique_ptr<Loader> make_validation_loader(const TrainRequest& request, ImageList list) {
  LoaderOptions options = request.loader;
  options.shuffle = false;
  if (options.last_batch == LastBatch::kDiscard) options.last_batch = LastBatch::kPad;
  return std::make_unique<Loader>(std::move(list), request.validation->folder,
                                  request.preprocessing, options);
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
  const ModelSource source = resolve_model(request.model, request.first_epoch);
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

TrainerOptions trainer_options(const TrainRequest& request) {
  return {.batch_size = request.loader.batch_size,
          .first_epoch = request.first_epoch,
          .end_epoch = request.end_epoch,
          .sgd = request.sgd,
          .schedule = request.schedule,
          .seed = request.loader.seed,
          .save_prefix = (request.save_folder / request.save_name).string(),
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

// Puts the training where the newest checkpoint stands.
void resume(const TrainRequest& request, CheckpointFolder& folder, Trainer& trainer,
            TrainObserver& observer) {
  const CheckpointFolder::Newest newest = folder.newest();
  for (const std::string& reason : newest.skipped) observer.warn("passed over: " + reason);
  if (!newest.checkpoint) {
    observer.note("no checkpoint to resume from: the training begins");
    return;
  }
  const std::vector<std::string> changes =
      changed_options(request.config, newest.checkpoint->config);
  if (!changes.empty() && !request.force) {
    throw usage_error("options differ from those of '{}':\n  {}", newest.path.string(),
                      fmt::join(changes, "\n  "))
        .with_hint("give the same options, or --force to go on with the new ones");
  }
  for (const std::string& change : changes) observer.warn("changed since: " + change);
  trainer.restore(newest.checkpoint->state);
  folder.continue_from(newest.path, newest.checkpoint->state.updates);
  observer.note(fmt::format("resumed from '{}': epoch {}, {} updates done", newest.path.string(),
                            newest.checkpoint->state.epoch, newest.checkpoint->state.updates));
  if (newest.checkpoint->state.epoch >= request.end_epoch) {
    observer.note(fmt::format("nothing is left to train: it ended with epoch {}",
                              newest.checkpoint->state.epoch - 1));
  }
}

}  // namespace

void check_writable(const std::filesystem::path& folder) {
  make_directories(folder);
  const AtomicFile probe(folder / "write-test");
}

void run_training(const TrainRequest& request, Backend& backend, TrainObserver& observer) {
  if (request.end_epoch <= request.first_epoch) {
    throw usage_error("--num-epoch {} is not over --epoch {}: there is nothing to train",
                      request.end_epoch, request.first_epoch)
        .with_hint("--num-epoch is the number of the last epoch plus one, not how many there are");
  }
  check_writable(request.save_folder);
  ImageList train_list = read_checked_list(request.train, request.tasks, observer);
  std::optional<ImageList> validation_list;
  if (request.validation) {
    validation_list = read_checked_list(*request.validation, request.tasks, observer);
  }
  std::vector<MissingPictures> searches;
  searches.emplace_back(train_list, request.train.folder, request.loader.on_bad_image);
  if (validation_list) {
    searches.emplace_back(*validation_list, request.validation->folder,
                          request.loader.on_bad_image);
  }
  WatchingObserver watching(observer, searches);
  watching.poll();

  set_threads(request.threads);
  Model model = load_model(request, observer);
  const std::unique_ptr<Loader> train = make_train_loader(request, std::move(train_list));
  std::unique_ptr<Loader> validation;
  if (validation_list) {
    validation = make_validation_loader(request, std::move(*validation_list));
  }
  CheckpointFolder checkpoints(request.save_folder, request.save_name, request.config,
                               request.checkpoints);
  TrainerOptions options = trainer_options(request);
  options.checkpoints = &checkpoints;
  Trainer trainer(std::move(model), *train, validation.get(), backend, options, watching);
  report_plan(trainer.plan(), request.verbose, observer);
  if (request.resume) resume(request, checkpoints, trainer, observer);
  if (!request.config.empty()) {
    write_file(request.save_folder / (request.save_name + "-config.toml"), request.config);
  }
  trainer.run();
  for (const std::string& skipped : train->skipped()) observer.warn("skipped: " + skipped);
}

}  // namespace orthrus
