#include "train/prepare.h"

#include <utility>

#include "base/threads.h"
#include "data/subset.h"
#include "infer/features.h"
#include "model/finetune.h"
#include "model/label_binding.h"
#include "model/label_counts.h"
#include "model/label_summary.h"
#include "model/source.h"
#include "train/data_warnings.h"
#include "train/observer.h"

namespace orthrus {
namespace {

void report_data(const Pictures& pictures, const Binding& binding, TrainObserver& observer) {
  for (const std::string& warning : pictures.list().warnings) observer.warn(warning);
  for (const std::string& warning : binding.warnings) observer.warn(warning);
}

BindingOptions binding_options(const TrainRequest& request) {
  BindingOptions options;
  options.columns = request.label_columns;
  options.settled = request.own_tasks;
  options.classes_file = request.classes_file;
  if (request.own_tasks) {
    options.unknown_class_hint =
        "the model's own tasks are trained on; --tasks auto starts new heads for the classes of "
        "the data";
  }
  return options;
}

// The training's images, or the share of them that is wanted.
SharedPictures open_training(TrainRequest& request, TrainObserver& observer) {
  for (const std::string& note : request.data_notes) observer.announce(note);
  const TrainPictures opened = open_sources(request.train, request.tasks, binding_options(request));
  request.loader.sources = opened.turns;
  report_data(*opened.pictures, opened.binding, observer);
  if (request.fraction == 1) return opened.pictures;
  if (opened.turns.size() > 1) {
    throw usage_error("--fraction takes a share of one source, and there are {}",
                      opened.turns.size())
        .with_hint("leave it out, or train on one of them");
  }
  SharedPictures some = take_fraction(opened.pictures, request.fraction, request.loader.seed);
  request.loader.sources.clear();
  observer.note(fmt::format("{} of the training pictures are used", some->list().entries.size()));
  return some;
}

// The steps of the schedule, and mixup where none is asked for, by the number of pictures.
void follow_hyper_rule(TrainRequest& request, size_t pictures) {
  if (request.schedule.kind != ScheduleKind::kBit) return;
  const HyperRule rule = hyper_rule(static_cast<int64_t>(pictures));
  request.schedule.kind = ScheduleKind::kStep;
  request.schedule.warmup = rule.warmup;
  request.schedule.steps = rule.steps;
  Augmentation& augmentation = request.loader.augmentation;
  if (!augmentation.mixes()) augmentation.mixup = rule.mixup;
}

// What the training list's labels have to say: each task has some, and how rare its classes are.
void count_classes(const SharedPictures& train, const SharedPictures& validation,
                   TrainRequest& request, TrainObserver& observer) {
  std::vector<Task>& tasks = request.tasks;
  const std::vector<LabelCounts> counts = count_labels(train->list(), tasks);
  for (const std::string& line : label_summary(train->list(), tasks, counts)) {
    observer.announce(line);
  }
  check_labelled(train->list(), tasks, counts);
  weigh_by_counts(tasks, counts);
  for (const std::string& line :
       data_warnings(tasks, counts, train->list().entries.size(), request)) {
    observer.announce("warning: " + line);
  }
  if (!validation) return;
  for (const std::string& line : unseen_classes(counts, validation->list(), tasks)) {
    observer.warn(line);
  }
}

void report_model(const Model& model, const FinetuneReport& report, TrainObserver& observer) {
  observer.note(fmt::format("model: {}; {} task{} on the features of '{}'", model.origin,
                            model.tasks.size(), model.tasks.size() == 1 ? "" : "s",
                            report.features));
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

// Tasks that the model has under the same names for other classes: what it learned is of no use.
std::vector<std::string> tasks_with_new_classes(const std::vector<Task>& own,
                                                const TrainRequest& request) {
  std::vector<std::string> names;
  if (request.own_tasks) return names;  // renamed, if anything
  for (const Task& task : request.tasks) {
    const auto known = std::ranges::find(own, task.name, &Task::name);
    const bool both_named =
        known != own.end() && !known->class_names.empty() && !task.class_names.empty();
    if (both_named && known->class_names != task.class_names) names.push_back(task.name);
  }
  return names;
}

Model load_model(const TrainRequest& request, FinetuneReport& report, TrainObserver& observer) {
  const ModelSource source = resolve_model(request.model, request.model_epoch, request.first_epoch);
  const LoadedNetwork network = load_network(source, request.tasks.front().classes,
                                             request.preprocessing, request.loader.seed);
  Model model =
      prepare_finetune(network, source,
                       {.tasks = request.tasks,
                        .preprocessing = request.preprocessing,
                        .layer = request.layer,
                        .seed = request.loader.seed,
                        .new_heads = tasks_with_new_classes(describe_source(source).tasks, request),
                        .accept_non_finite = !request.replay.empty()},
                       report);
  report_model(model, report, observer);
  if (const SourceDescription own = describe_source(source);
      !own.beside.empty() && own.preprocessing->height == request.preprocessing.height &&
      own.preprocessing->width == request.preprocessing.width) {
    observer.note(fmt::format("images of {},{},{}, as in '{}' beside the model",
                              own.preprocessing->channels, own.preprocessing->height,
                              own.preprocessing->width, own.beside));
  }
  for (const std::string& note : network.notes) observer.note(note);
  return model;
}

// New values that nothing will change are hardly what was meant.
void warn_of_untrained(const FinetuneReport& report, const TrainedPart& part,
                       TrainObserver& observer) {
  std::vector<std::string> untrained;
  for (const std::string& name : report.initialised) {
    if (!part.trained.contains(name)) untrained.push_back(name);
  }
  if (untrained.empty()) return;
  observer.warn(fmt::format("these have new values and are not trained: {}; add heads to --train",
                            fmt::join(untrained, ", ")));
}

void report_part(const PreparedTraining& prepared, TrainObserver& observer) {
  if (prepared.part.trains_all()) return;
  for (const std::string& line : describe(prepared.part)) observer.note(line);
}

// The frozen part below the trained one, and features in the place of pictures.
void divide(PreparedTraining& prepared, Backend& backend) {
  const int64_t batch_size = prepared.request.loader.batch_size;
  const Model& model = prepared.model;
  prepared.frozen = std::make_unique<Inference>(prepared.part.frozen, model.input,
                                                picture_shape(model.preprocessing, batch_size),
                                                model.parameters, backend);
  prepared.train_features =
      std::make_unique<FeatureLoader>(*prepared.train_loader, *prepared.frozen);
  if (prepared.validation_loader) {
    prepared.validation_features =
        std::make_unique<FeatureLoader>(*prepared.validation_loader, *prepared.frozen);
  }
}

// The part that is held out is read when the training ends: what is wrong with it is found now.
void check_test_part(PreparedTraining& prepared, TrainObserver& observer) {
  const TrainRequest& request = prepared.request;
  Binding binding;
  const SharedPictures pictures =
      open_validation(*request.test, prepared.train_pictures->list(), request.tasks,
                      {.may_lack_columns = true, .settled = true}, binding);
  report_data(*pictures, binding, observer);
  prepared.searches.emplace_back(pictures, request.loader.on_bad_image);
}

}  // namespace

LoaderOptions validation_loading(const TrainRequest& request) {
  LoaderOptions options = of_plain_pictures(request.loader);
  options.shuffle = false;
  if (options.last_batch == LastBatch::kDiscard) options.last_batch = LastBatch::kPad;
  return options;
}

void make_sources(PreparedTraining& prepared, Backend& backend) {
  const TrainRequest& request = prepared.request;
  prepared.train_loader = std::make_unique<Loader>(prepared.train_pictures,
                                                   prepared.model.preprocessing, request.loader);
  if (prepared.validation_pictures) {
    prepared.validation_loader = std::make_unique<Loader>(
        prepared.validation_pictures, prepared.model.preprocessing, validation_loading(request));
  }
  if (prepared.part.divided()) divide(prepared, backend);
}

BatchSource& PreparedTraining::train() {
  if (train_features) return *train_features;
  return *train_loader;
}

BatchSource* PreparedTraining::validation() {
  if (validation_features) return validation_features.get();
  return validation_loader.get();
}

PreparedTraining prepare_training(const TrainRequest& given, Backend& backend,
                                  TrainObserver& observer) {
  if (given.end_epoch <= given.first_epoch) {
    throw usage_error("--num-epoch {} is not over --epoch {}: there is nothing to train",
                      given.end_epoch, given.first_epoch)
        .with_hint("--num-epoch is the number of the last epoch plus one, not how many there are");
  }
  PreparedTraining prepared;
  prepared.request = given;
  TrainRequest& request = prepared.request;
  set_threads(request.threads);
  const SharedPictures& train_pictures = prepared.train_pictures = open_training(request, observer);
  follow_hyper_rule(request, train_pictures->list().entries.size());
  SharedPictures& validation_pictures = prepared.validation_pictures;
  if (request.validation) {
    Binding binding;
    const BindingOptions options{
        .may_lack_columns = request.train.size() > 1,
        .settled = true,
        .unknown_class_hint = "validation data may have the classes of the training data only"};
    validation_pictures = open_validation(*request.validation, train_pictures->list(),
                                          request.tasks, options, binding);
    report_data(*validation_pictures, binding, observer);
  }
  if (request.test) check_test_part(prepared, observer);
  count_classes(train_pictures, validation_pictures, request, observer);
  prepared.searches.emplace_back(train_pictures, request.loader.on_bad_image);
  if (validation_pictures) {
    prepared.searches.emplace_back(validation_pictures, request.loader.on_bad_image);
  }
  for (MissingPictures& search : prepared.searches) {
    if (const std::string warning = search.poll(); !warning.empty()) observer.warn(warning);
  }

  FinetuneReport finetune;
  prepared.model = load_model(request, finetune, observer);
  prepared.part = choose_trained_part(prepared.model, request.part);
  warn_of_untrained(finetune, prepared.part, observer);
  // The heads that come first stand on frozen BatchNorms, whatever comes then.
  const TrainedPart first = request.heads_first > 0
                                ? choose_trained_part(prepared.model, {.items = {"heads"}})
                                : prepared.part;
  const InputNormReport norm = settle_input_norm(prepared.model, first, request.input_norm,
                                                 train_pictures, request.loader, backend);
  if (!norm.note.empty()) observer.note(norm.note);
  if (!norm.warning.empty()) observer.warn(norm.warning);
  if (request.stochastic_depth > 0 && !backend.device().is_host()) {
    throw usage_error("--stochastic-depth runs on the processor only")
        .with_hint("leave it or --gpus out");
  }
  make_sources(prepared, backend);
  report_part(prepared, observer);
  return prepared;
}

TrainerOptions trainer_options(const PreparedTraining& prepared) {
  const TrainRequest& request = prepared.request;
  OptimizerOptions optimizer = request.optimizer;
  optimizer.lr_factors = decayed_rates(prepared.part, request.layer_decay);
  const std::vector<std::string>& heads = prepared.part.stages.back().parameters;
  optimizer.not_adaptive = {heads.begin(), heads.end()};
  return {.batch_size = request.loader.batch_size,
          .accumulate = request.accumulate,
          .part = prepared.part,
          .first_epoch = request.first_epoch,
          .end_epoch = request.end_epoch,
          .memory = request.memory,
          .optimizer = std::move(optimizer),
          .stochastic_depth = request.stochastic_depth,
          .climb = request.climb,
          .average_decay = request.average_decay,
          .averaged_epochs = request.averaged_epochs,
          .weighting = request.weighting,
          .schedule = request.schedule,
          .seed = request.loader.seed,
          .mxnet_prefix = {},
          .last = {},
          .best = {},
          .best_by = request.best_by,
          .calibrate = request.calibrate,
          .on_nan = request.on_nan,
          .bad_steps = {},
          .patience = request.patience,
          .stop = request.stop};
}

}  // namespace orthrus
