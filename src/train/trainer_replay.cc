// Where a training's values stopped being finite: the training is repeated from its last
// checkpoint, which gives the same bytes, with every loss, gradient and parameter looked at in
// every step, up to the first bad one; a step that was saved is computed again alone.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "train/trainer.h"

namespace orthrus {
namespace {

std::string verdict(const std::string& part, const std::string& first, const std::string& of) {
  if (first.empty()) return fmt::format("{}: every {} is finite", part, of);
  return fmt::format("{}: the first {}that is not finite: '{}'", part,
                     of == "value" ? "" : of + " ", first);
}

}  // namespace

std::optional<Trainer::Trace> Trainer::trace(const TrainerState& last, const BadStep& noticed) {
  const std::string from =
      last.updates == 0 ? std::string("its start") : fmt::format("update {}", last.updates);
  observer_.note(fmt::format("{}; the training is replayed from {} to find where that began",
                             noticed.what, from));
  const std::vector<EpochReport> known = history_;
  const int rollbacks = rollbacks_;
  std::optional<Trace> found(std::in_place);
  trace_ = &*found;
  std::string why;
  try {
    put(last);
    rollbacks_ = rollbacks;
    why = repeat_until(noticed, known);
  } catch (const NonFinite&) {  // what was looked for
  } catch (const Error& error) {
    why = error.message();
  }
  trace_ = nullptr;
  rollbacks_ = rollbacks;
  if (why.empty()) return found;
  observer_.warn("the replay did not show where that began: " + why);
  return std::nullopt;
}

std::string Trainer::repeat_until(const BadStep& noticed, const std::vector<EpochReport>& known) {
  while (updates_ <= noticed.updates) {
    if (options_.stop && options_.stop()) return "it was stopped";
    if (update_once()) continue;
    if (epoch_ >= noticed.epoch || history_.size() >= known.size()) break;
    count_epoch(known[history_.size()]);
  }
  return "all values of the same steps were finite; did the images change meanwhile?";
}

void Trainer::fail_traced(const std::string& what, std::string origin, bool in_update) {
  BadStep& before = trace_->before;
  before.what = what;
  before.traced = true;
  if (!in_update) {
    before.momentum.clear();
    before.second_moment.clear();
  }
  trace_->origin = std::move(origin);
  throw NonFinite(input_error("{}", what));
}

void Trainer::trace_pass() {
  trace_->before = pass_at_hand();
  if (options_.accumulate > 1) return;  // the gradients of one pass do not make the update
  trace_->before.momentum = optimizer_.first_moments();
  trace_->before.second_moment = optimizer_.second_moments();
}

std::string Trainer::origin_in_forward(const BadStep& before) {
  plan_.load_parameters(before.parameters);
  const std::string layer = plan_.find_non_finite(context());
  return layer.empty() ? first_bad_parameter() : layer;
}

std::string Trainer::checked_backward(const StepContext& context, const WeightingStep& step) {
  std::string first;
  const auto take = [&](int index, std::span<const float> gradient) {
    const BufferDesc desc = plain_desc({std::ssize(gradient)});
    if (first.empty() && !plan_.device().all_finite(desc, std::as_bytes(gradient).data())) {
      first = plan_.parameters()[static_cast<size_t>(index)].name;
    }
    optimizer_.update(index, gradient);
  };
  plan_.backward(context, take, mixer_of(step), true);
  return first;
}

void Trainer::trace_backward(const WeightingStep& step) {
  const std::string first = checked_backward(context(), step);
  if (first.empty()) return;
  fail_traced(fmt::format("the gradient of '{}' is not finite", first), first);
}

void Trainer::trace_perturbed() {
  for (size_t task = 0; task < model_.tasks.size(); ++task) {
    if (std::isfinite(feed_.of(task).metrics().loss)) continue;
    fail_traced(fmt::format("the loss of task '{}' at the weights perturbed by --sam is not a "
                            "finite number",
                            model_.tasks[task].name),
                plan_.find_non_finite(context()));
  }
}

void Trainer::trace_update() {
  std::string name = first_bad_parameter();
  if (!name.empty()) {
    fail_traced(fmt::format("a value of '{}' is not a finite number after the update", name), name,
                true);
  }
  name = optimizer_.first_not_finite();
  if (!name.empty()) {
    fail_traced(fmt::format("the optimizer's state of '{}' is not finite after the update", name),
                name, true);
  }
}

void Trainer::check_step(const BadStep& step) const {
  const auto differs = [](const std::string& how) {
    return input_error("--replay: the step is of another training: {}", how)
        .with_hint("a step is computed again by the run in whose folder it was saved");
  };
  for (const PlanParameter& parameter : plan_.parameters()) {
    const auto found = step.parameters.find(parameter.name);
    if (found == step.parameters.end()) {
      throw differs(fmt::format("it has no parameter '{}'", parameter.name));
    }
  }
  NamedTensors own;
  plan_.store_parameters(own);
  for (const auto& [name, tensor] : step.parameters) {
    const auto found = own.find(name);
    if (found == own.end()) {
      throw differs(fmt::format("this one has no parameter '{}'", name));
    }
    if (found->second.shape() == tensor.shape()) continue;
    throw differs(fmt::format("its parameter '{}' has the shape {}, this one's has {}", name,
                              tensor.shape().to_string(), found->second.shape().to_string()));
  }
  const bool own_size = !step.validation && options_.picture_shape.rank() > 0;
  const Shape images = own_size ? options_.picture_shape : part_.batch_shape(options_.batch_size);
  if (step.data.images.shape() != images) {
    throw differs(fmt::format("its batch has the shape {}, this one's have {}",
                              step.data.images.shape().to_string(), images.to_string()));
  }
}

std::vector<std::string> Trainer::replay(const BadStep& step) {
  check_step(step);
  std::vector<std::string> lines = {
      fmt::format("epoch {}, batch {}{}, after {} updates{}", step.epoch, step.batch,
                  step.validation ? " of the validation" : "", step.updates,
                  step.what.empty() ? "" : ": " + step.what)};
  if (!step.traced) {
    lines.emplace_back("the parameters are those where it was noticed; it may have begun before");
  }
  std::ranges::move(step.validation ? replay_validation(step) : replay_training(step),
                    std::back_inserter(lines));
  return lines;
}

std::vector<std::string> Trainer::replay_training(const BadStep& step) {
  std::vector<std::string> lines;
  const StepContext context{.seed = step.seed, .step = static_cast<uint64_t>(step.step)};
  const WeightingStep weighting{.rate = step.learning_rate,
                                .update = static_cast<uint64_t>(step.updates)};
  plan_.load_parameters(step.parameters);
  if (!step.weighting.empty()) weighting_->restore(step.weighting);
  if (!step.momentum.empty()) optimizer_.restore(step.momentum, step.second_moment);
  feed_.feed(step.data);
  plan_.forward(context);
  for (size_t task = 0; task < model_.tasks.size(); ++task) {
    const MetricSums sums = feed_.of(task).metrics();
    lines.push_back(
        fmt::format("loss of task '{}': {}", model_.tasks[task].name, sums.mean_loss()));
  }
  plan_.load_parameters(step.parameters);  // without the statistics that forward has moved
  std::string layer = plan_.find_non_finite(context);
  if (layer.empty()) layer = first_bad_parameter();
  lines.push_back(verdict("forward", layer, "value"));
  weigh_tasks(weighting);
  optimizer_.set_step(step.learning_rate, 1.0 / std::max(step.data.count, 1), step.updates + 1);
  lines.push_back(verdict("backward", checked_backward(context, weighting), "gradient"));
  if (options_.climb > 0) {
    optimizer_.climb(options_.climb);
    plan_.forward(context);
    lines.push_back(verdict("backward at the weights perturbed by --sam",
                            checked_backward(context, weighting), "gradient"));
    optimizer_.return_from_climb();
  }
  if (step.momentum.empty()) return lines;
  optimizer_.finish_step();
  std::string parameter = first_bad_parameter();
  if (parameter.empty()) parameter = optimizer_.first_not_finite();
  lines.push_back(verdict("update", parameter, "parameter"));
  return lines;
}

std::vector<std::string> Trainer::replay_validation(const BadStep& step) {
  NamedTensors parameters = step.parameters;
  parameters.insert(frozen_.begin(), frozen_.end());
  Inference inference(part_.graph, part_.input, part_.batch_shape(options_.batch_size), parameters,
                      backend_);
  inference.run(step.data.images);
  std::vector<std::string> lines;
  for (size_t task = 0; task < model_.tasks.size(); ++task) {
    const bool finite = std::ranges::all_of(inference.probabilities(task),
                                            [](float value) { return std::isfinite(value); });
    lines.push_back(fmt::format("predictions of task '{}': {}", model_.tasks[task].name,
                                finite ? "all finite" : "not finite"));
  }
  lines.push_back(verdict("forward", inference.find_non_finite(), "value"));
  return lines;
}

}  // namespace orthrus
