#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/clock.h"
#include "base/file.h"
#include "formats/mxnet/checkpoint.h"
#include "graph/passes/fuse.h"
#include "graph/passes/stochastic_depth.h"
#include "model/model_file.h"
#include "tasks/heads.h"
#include "train/log_lines.h"
#include "train/norm_statistics.h"
#include "train/validation.h"

namespace orthrus {
namespace {

// The layer whose gradient the weighting mixes; empty where the gradients of the tasks are added
// up, or where nothing below the heads is trained.
std::string mixed_layer(const LossWeighting& weighting, const Model& model,
                        const TrainedPart& part) {
  if (!weighting.looks_at_gradients() || model.tasks.size() < 2 || part.trains_heads_at_most()) {
    return {};
  }
  return model.graph.node(find_features(model.graph).node).name;
}

Graph fused_graph(const std::string& mixed, const Model& model, const TrainedPart& part,
                  bool mixed_labels, double stochastic_depth) {
  std::vector<std::string> keep;
  if (!mixed.empty()) keep.push_back(mixed);
  const Graph graph = training_graph(part.graph, model.tasks, mixed_labels);
  return fuse_batch_norm(
      stochastic_depth > 0 ? add_stochastic_depth(graph, stochastic_depth) : graph, keep);
}

PlanOptions training_plan(const std::string& mixed, const TrainedPart& part, MemoryMode memory) {
  PlanOptions options;
  options.training = true;
  options.memory = memory;
  options.mixed_gradients = mixed;
  options.same_sink = true;
  options.trainable = [&part](std::string_view name) { return part.trained.contains(name); };
  return options;
}

Shape training_shape(const TrainedPart& part, const TrainerOptions& options) {
  if (options.picture_shape.rank() > 0) return options.picture_shape;
  return part.batch_shape(options.batch_size);
}

OptimizerOptions optimizer_options(const TrainerOptions& options) {
  OptimizerOptions optimizer = options.optimizer;
  optimizer.accumulates = options.accumulate > 1;
  optimizer.climbs = options.climb > 0;
  return optimizer;
}

// Parameters that never change.
std::set<std::string, std::less<>> frozen_names(const Graph& graph, const TrainedPart& part) {
  std::set<std::string, std::less<>> names;
  for (const int id : graph.variables(VariableRole::kParameter)) {
    if (!part.trained.contains(graph.node(id).name)) names.insert(graph.node(id).name);
  }
  return names;
}

}  // namespace

Trainer::Trainer(Model model, BatchSource& train, BatchSource* validation, Backend& backend,
                 const TrainerOptions& options, TrainObserver& observer)
    : part_(options.part ? *options.part : choose_trained_part(model, {})),
      model_(std::move(model)),
      train_(train),
      validation_(validation),
      backend_(backend),
      options_(options),
      observer_(observer),
      weighting_(make_weighting(options.weighting, {.tasks = model_.tasks.size(),
                                                    .momentum = options.optimizer.momentum,
                                                    .seed = options.seed})),
      mixed_layer_(mixed_layer(*weighting_, model_, part_)),
      plan_(fused_graph(mixed_layer_, model_, part_, train.mixes(), options.stochastic_depth),
            {{part_.input, training_shape(part_, options)}}, backend,
            training_plan(mixed_layer_, part_, options.memory)),
      optimizer_(plan_, optimizer_options(options)),
      average_(plan_, options.average_decay > 0 || options.averaged_epochs > 0,
               frozen_names(model_.graph, part_)),
      feed_(plan_, part_.input, model_.tasks, train.mixes()),
      statistics_check_(model_),
      epoch_(options.first_epoch),
      epoch_sums_(model_.tasks.size()),
      window_sums_(model_.tasks.size()),
      losses_(model_.tasks.size()),
      task_weights_(model_.tasks.size(), 1.0),
      mix_(model_.tasks.size()) {
  plan_.load_parameters(model_.parameters);
  for (Task& task : model_.tasks) task.temperature = 1;  // it was that of other parameters
  for (const Task& task : model_.tasks) declared_weights_.push_back(task.weight);
  average_.restart();
  if (options_.schedule.updates == 0) {
    options_.schedule.updates = (options_.end_epoch - options_.first_epoch) *
                                updates_per_epoch(train_.batches_per_epoch(), options_.accumulate);
  }
  frozen_ = std::move(model_.parameters);
  NamedTensors trained;
  for (const PlanParameter& parameter : plan_.parameters()) {
    trained.insert(frozen_.extract(parameter.name));
  }
  frozen_hash_ = hash_tensors(frozen_);
  model_.parameters.clear();
  const bool wants_start = !options_.bad_steps.empty() || options_.on_nan == OnNan::kRollback;
  if (wants_start && options_.phase_epoch.value_or(epoch_) == epoch_) {
    keep_start(std::move(trained));
  }
}

bool Trainer::run() {
  return run(options_.end_epoch);
}

bool Trainer::run(int until) {
  while (epoch_ < until &&
         !has_stalled(history_, options_.best_by.higher_is_better(), options_.patience)) {
    try {
      run_epoch();
    } catch (const NonFinite& error) {
      recover(error);
    }
    stop_if_asked();
  }
  if (options_.checkpoints != nullptr) options_.checkpoints->finish();
  if (epoch_ >= until) return true;
  observer_.note(fmt::format("no better in {} epochs: the training ends", options_.patience));
  return false;
}

void Trainer::run_epoch() {
  while (step()) stop_if_asked();
  finish_epoch();
}

void Trainer::begin_epoch() {
  train_.start_epoch(static_cast<uint64_t>(epoch_));
  std::ranges::fill(epoch_sums_, MetricSums{});
  std::ranges::fill(window_sums_, MetricSums{});
  window_pictures_ = 0;
  loading_seconds_ = 0;
  epoch_start_ = window_start_ = Clock::now();
  epoch_begun_ = true;
}

bool Trainer::update_once() {
  if (!epoch_begun_) begin_epoch();
  pass_pictures_ = 0;
  for (pass_ = 0; pass_ < options_.accumulate; ++pass_) {
    if (run_pass()) continue;
    if (pass_ == 0) return false;
    break;
  }
  if (options_.accumulate > 1) set_rate();
  optimizer_.finish_step();
  if (trace_ != nullptr) trace_update();
  pass_ = 0;
  ++updates_;
  if (options_.average_decay > 0) average_.add_moving(options_.average_decay, updates_);
  return true;
}

bool Trainer::step() {
  if (!update_once()) return false;
  // Else the question was settled before.
  if (updates_ == 1 && rollbacks_ == 0 && !part_.froze_norms) {
    const std::string warning = statistics_check_.compare(plan_, batch_.images);
    if (!warning.empty()) observer_.warn(warning);
  }
  const auto batch = static_cast<int64_t>(train_.state().batch);
  observer_.after_step({.epoch = epoch_,
                        .end_epoch = options_.end_epoch,
                        .batch = batch,
                        .batches = train_.batches_per_epoch(),
                        .update = updates_,
                        .pictures = static_cast<int>(pass_pictures_),
                        .learning_rate = learning_rate(updates_),
                        .epoch_sums = epoch_sums_});
  if (options_.checkpoints != nullptr && options_.checkpoints->due(updates_)) {
    check_state(batch);
    start_checkpoint();
  }
  return true;
}

bool Trainer::run_pass() {
  const Clock::time_point start = Clock::now();
  if (!train_.next(batch_)) return false;
  feed_.feed(batch_);
  loading_seconds_ += seconds_since(start);
  const auto batch = static_cast<int64_t>(train_.state().batch);
  if (trace_ != nullptr) trace_pass();
  plan_.forward(context());
  add_metrics(batch);
  if (trace_ != nullptr) check_parameters(batch);
  const WeightingStep weighting_step{.rate = learning_rate(updates_ + 1),
                                     .update = static_cast<uint64_t>(updates_)};
  weigh_tasks(weighting_step);
  pass_pictures_ += batch_.count;
  if (options_.accumulate == 1) set_rate();
  run_backward(weighting_step);
  if (options_.climb > 0) {
    optimizer_.climb(options_.climb);
    plan_.forward(context());
    if (trace_ != nullptr) trace_perturbed();
    run_backward(weighting_step);
    optimizer_.return_from_climb();
  }
  window_pictures_ += options_.batch_size;
  if (trace_ == nullptr) report_speed(batch);
  return true;
}

void Trainer::run_backward(const WeightingStep& step) {
  if (trace_ != nullptr) {
    trace_backward(step);
    return;
  }
  plan_.backward(
      context(),
      [this](int index, std::span<const float> gradient) { optimizer_.update(index, gradient); },
      mixer_of(step));
}

GradientMixer Trainer::mixer_of(const WeightingStep& step) {
  if (mixed_layer_.empty()) return {};
  return [this, step](std::span<const std::span<const float>> gradients, std::span<float> mixed) {
    mix_tasks(gradients, mixed, step);
  };
}

void Trainer::set_rate() {
  optimizer_.set_step(learning_rate(updates_ + 1), 1.0 / static_cast<double>(pass_pictures_),
                      updates_ + 1);
}

StepContext Trainer::context() const {
  return {.seed = options_.seed,
          .step = static_cast<uint64_t>(updates_ * options_.accumulate + pass_)};
}

double Trainer::learning_rate(int64_t update) const {
  return options_.schedule.rate(update, plateau_cuts_) * std::ldexp(1.0, -rollbacks_);
}

void Trainer::count_plateau_cuts() {
  const Schedule& schedule = options_.schedule;
  if (schedule.kind != ScheduleKind::kPlateau) return;
  plateau_cuts_ =
      plateau_cuts(history_, options_.best_by.higher_is_better(), schedule.plateau_patience);
}

void Trainer::add_metrics(int64_t batch) {
  for (size_t task = 0; task < model_.tasks.size(); ++task) {
    const MetricSums sums = feed_.of(task).metrics();
    if (!std::isfinite(sums.loss)) {
      fail_non_finite(
          fmt::format("the loss of task '{}' is not a finite number", model_.tasks[task].name),
          batch);
    }
    epoch_sums_[task].add(sums);
    window_sums_[task].add(sums);
  }
}

void Trainer::weigh_tasks(const WeightingStep& step) {
  if (weighting_->looks_at_losses()) {
    for (size_t task = 0; task < losses_.size(); ++task) losses_[task] = feed_.of(task).loss();
  }
  weighting_->weigh(losses_, step, task_weights_);
  for (size_t task = 0; task < losses_.size(); ++task) {
    task_weights_[task] *= model_.tasks[task].weight;
    feed_.of(task).scale_weights(task_weights_[task]);
  }
}

void Trainer::mix_tasks(std::span<const std::span<const float>> gradients, std::span<float> mixed,
                        const WeightingStep& step) {
  weighting_->mix(products_of(gradients, declared_weights_), step, mix_);
  mix_gradients(gradients, mix_, mixed);
  for (size_t task = 0; task < mix_.size(); ++task) task_weights_[task] *= mix_[task];
}

void Trainer::report_speed(int64_t batch) {
  // MXNet numbers batches from 0 and reports at 20, 40, ..., not at 0.
  const int64_t number = batch - 1;
  if (number == 0 || number % options_.speed_every != 0) return;
  check_parameters(batch);
  const double seconds = std::max(seconds_since(window_start_), 1e-9);
  observer_.log(
      speed_line(epoch_, number, static_cast<double>(window_pictures_) / seconds, window_sums_));
  std::ranges::fill(window_sums_, MetricSums{});
  window_pictures_ = 0;
  window_start_ = Clock::now();
}

void Trainer::finish_epoch() {
  log_size_ = observer_.log_size();  // a stop while validating comes back to this line
  check_state(static_cast<int64_t>(train_.state().batch));
  EpochReport report{.epoch = epoch_,
                     .updates = updates_,
                     .learning_rate = learning_rate(updates_),
                     .seconds = seconds_since(epoch_start_),
                     .train = epoch_sums_,
                     .validation = {},
                     .task_weights = task_weights_,
                     .score = {}};
  for (const std::string& line : metric_lines(epoch_, "Train", epoch_sums_)) observer_.log(line);
  observer_.log(time_line(epoch_, report.seconds));
  observer_.note(fmt::format("epoch {}: loading pictures took {:.3f} s, {:.1f} % of the time",
                             epoch_, loading_seconds_,
                             100 * loading_seconds_ / std::max(report.seconds, 1e-9)));
  if (weighting_->looks_at_losses() || weighting_->looks_at_gradients()) {
    observer_.note(weights_line(epoch_, model_.tasks, task_weights_));
  }
  NamedTensors trained;
  plan_.store_parameters(trained);
  // What is there goes before what comes.
  model_.parameters = options_.averaged_epochs > 0 ? mean_of_epochs(trained) : average_.values();
  model_.parameters.insert(trained.begin(), trained.end());
  model_.parameters.insert(frozen_.begin(), frozen_.end());
  if (average_.active()) check_averaged();
  const int finished = epoch_;
  if (!options_.mxnet_prefix.empty()) {
    mxnet::save_checkpoint(options_.mxnet_prefix, finished + 1, model_.graph, model_.parameters);
    observer_.log(saved_line(mxnet::params_path(options_.mxnet_prefix, finished + 1).string()));
  }
  if (validation_ != nullptr) {
    validate(report);
    for (const std::string& line : metric_lines(finished, "Validation", report.validation)) {
      observer_.log(line);
    }
  }
  count_epoch(report);
  observer_.after_epoch(report);
  save_models();
  model_.parameters.clear();
  if (options_.checkpoints != nullptr) start_checkpoint(std::move(trained));
}

void Trainer::count_epoch(const EpochReport& report) {
  if (const int ends = averaged_ends(); ends > 0) average_.add_equally(ends);
  weighting_->end_epoch();
  epoch_begun_ = false;
  log_size_.reset();
  ++epoch_;
  history_.push_back(report);
  count_plateau_cuts();
}

int Trainer::averaged_ends() const {
  if (options_.averaged_epochs == 0) return 0;
  const int first = std::max(options_.first_epoch, options_.end_epoch - options_.averaged_epochs);
  return std::max(epoch_ - first + 1, 0);
}

// A stop may come during the validation that follows: until the epoch is counted, average and
// loader stay as they were.
NamedTensors Trainer::mean_of_epochs(const NamedTensors& trained) {
  const int ends = averaged_ends();
  if (ends == 0) return {};
  const NamedTensors before = average_.values();
  const LoaderState loader = train_.state();
  average_.add_equally(ends);
  NamedTensors mean = average_.values();
  average_.restore(before);
  mean.insert(trained.begin(), trained.end());
  plan_.load_parameters(mean);
  train_.start_epoch(static_cast<uint64_t>(epoch_));
  const NamedTensors statistics = estimate_norm_statistics(plan_, part_.graph, context(), [this] {
    if (!train_.next(batch_)) return false;
    feed_.feed(batch_);
    return true;
  });
  train_.restore(loader);
  plan_.load_parameters(trained);
  for (const auto& [name, tensor] : statistics) mean[name] = tensor;
  return mean;
}

void Trainer::save_models() {
  if (options_.last.empty()) return;
  const EpochReport& report = history_.back();
  ModelNotes notes = {{"epoch", std::to_string(report.epoch)},
                      {"updates", std::to_string(report.updates)}};
  if (report.score) {
    notes["validation_" + options_.best_by.text()] = fmt::format("{}", *report.score);
  }
  write_model(options_.last, model_, notes);
  const auto rivals = std::span(history_).subspan(rollback_.best_from);
  if (best_epoch(rivals, options_.best_by.higher_is_better()) == std::ssize(rivals) - 1) {
    name_file_too(options_.last, options_.best);
  }
}

void Trainer::validate(EpochReport& report) {
  for (Task& task : model_.tasks) task.temperature = 1;
  Inference inference(part_.graph, part_.input, part_.batch_shape(options_.batch_size),
                      model_.parameters, backend_);
  Validation validation;
  try {
    validation = orthrus::validate(inference, model_.tasks, *validation_, options_.best_by,
                                   options_.calibrate, [this](int64_t) { stop_if_asked(); });
  } catch (const NonFinite& error) {
    fail_validation(error, inference);
  }
  for (size_t task = 0; task < model_.tasks.size(); ++task) {
    model_.tasks[task].temperature = validation.temperatures[task];
  }
  report.validation = std::move(validation.sums);
  report.score = validation.score;
}

}  // namespace orthrus
