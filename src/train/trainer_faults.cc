// The trainer where numbers are no numbers any more: what is told and kept of such a step, the way
// back to a checkpoint, and the computation of that step again.
#include <algorithm>

#include "train/trainer.h"

namespace orthrus {
namespace {

bool is_finite(const Plan& plan, std::span<const float> values) {
  const BufferDesc desc = plain_desc({std::ssize(values)});
  return plan.device().all_finite(desc, std::as_bytes(values).data());
}

}  // namespace

void Trainer::fail_non_finite(const std::string& what, int64_t batch) {
  const std::string layer = plan_.find_non_finite(context());
  std::string hint = "lower --lr, or look at the pictures of that batch";
  if (!options_.bad_steps.empty()) {
    const std::filesystem::path file =
        options_.bad_steps / fmt::format("bad-step-{:010}.safetensors", updates_);
    try {
      BadStep bad{.epoch = epoch_,
                  .batch = batch,
                  .update = static_cast<int64_t>(context().step),
                  .seed = options_.seed,
                  .parameters = {},
                  .data = batch_};
      plan_.store_parameters(bad.parameters);
      write_bad_step(file, std::move(bad));
      hint += fmt::format("; the same command with --replay {} computes it again", file.string());
    } catch (const Error& error) {
      observer_.warn(error.message());
    }
  }
  throw NonFinite(input_error("epoch {}, batch {}: {} is not a finite number; it began in '{}'",
                              epoch_, batch, what, layer)
                      .with_hint(hint));
}

void Trainer::roll_back(const NonFinite& error) {
  constexpr int kMostRollbacks = 10;
  if (options_.on_nan != OnNan::kRollback || options_.checkpoints == nullptr) throw error;
  options_.checkpoints->finish();
  CheckpointFolder::Newest newest = options_.checkpoints->newest();
  if (!newest.checkpoint || rollbacks_ >= kMostRollbacks) {
    throw NonFinite(Error(error.kind(), error.message(),
                          newest.checkpoint
                              ? fmt::format("the learning rate was halved {} times", kMostRollbacks)
                              : "there is no checkpoint yet to go back to"));
  }
  TrainerState& state = newest.checkpoint->state;
  state.rollbacks = rollbacks_ + 1;
  observer_.warn(fmt::format("{}; back to update {}, with the learning rate halved",
                             error.message(), state.updates));
  restore(state);
  options_.checkpoints->continue_from(state.updates);
  observer_.rolled_back(state);
}

std::vector<std::string> Trainer::replay(const BadStep& step) {
  plan_.load_parameters(step.parameters);
  feed_.feed(step.data);
  const StepContext context{.seed = step.seed, .step = static_cast<uint64_t>(step.update)};
  std::vector<std::string> lines = {
      fmt::format("epoch {}, batch {}, after {} updates", step.epoch, step.batch, step.update)};
  plan_.forward(context);
  for (size_t task = 0; task < model_.tasks.size(); ++task) {
    const MetricSums sums = feed_.of(task).metrics();
    lines.push_back(
        fmt::format("loss of task '{}': {}", model_.tasks[task].name, sums.mean_loss()));
  }
  const std::string layer = plan_.find_non_finite(context);
  lines.push_back(layer.empty()
                      ? "forward: every value is finite"
                      : fmt::format("forward: the first that is not finite: '{}'", layer));
  std::string first;
  plan_.backward(context, [&](int index, std::span<const float> gradient) {
    if (first.empty() && !is_finite(plan_, gradient))
      first = plan_.parameters()[static_cast<size_t>(index)].name;
  });
  lines.push_back(first.empty() ? "backward: every gradient is finite"
                                : fmt::format("backward: the first gradient that is not finite: "
                                              "'{}'",
                                              first));
  return lines;
}

void Trainer::check_parameters(int64_t batch) {
  for (const PlanParameter& parameter : plan_.parameters()) {
    if (!is_finite(plan_, parameter.values)) {
      fail_non_finite(fmt::format("a value of '{}'", parameter.name), batch);
    }
  }
}

}  // namespace orthrus
