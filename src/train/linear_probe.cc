#include "train/linear_probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "graph/passes/fuse.h"
#include "infer/evaluate.h"
#include "tasks/heads.h"
#include "train/lbfgs.h"
#include "train/plan_feed.h"

namespace orthrus {
namespace {

constexpr double kPenaltyWithoutValidation = 1e-4;
constexpr std::array<double, 7> kPenalties = {1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};

PlanOptions probe_plan() {
  PlanOptions options;
  options.training = true;
  return options;
}

// Mean loss over all pictures and its gradient, as a function of the heads' values.
class HeadLoss {
 public:
  HeadLoss(const ProbeRequest& request, Backend& backend)
      : request_(request),
        plan_(fuse_batch_norm(training_graph(request.part.graph, request.tasks)),
              {{request.part.input, request.part.batch_shape(request.batch_size)}}, backend,
              probe_plan()),
        feed_(plan_, request.part.input, request.tasks, false) {
    plan_.load_parameters(request.parameters);
    size_t count = 0;
    for (const PlanParameter& parameter : plan_.parameters()) {
      offsets_.push_back(count);
      count += parameter.values.size();
    }
    values_.resize(count);
    for (size_t i = 0; i < offsets_.size(); ++i) {
      std::ranges::copy(plan_.parameters()[i].values,
                        std::span(values_).subspan(offsets_[i]).begin());
    }
  }

  [[nodiscard]] std::vector<double> start() const { return values_; }

  double operator()(std::span<const double> x, double penalty, std::span<double> gradient) {
    put(x);
    std::ranges::fill(gradient, 0.0);
    double loss = 0;
    int64_t pictures = 0;
    request_.train.start_epoch(0);
    while (request_.train.next(batch_)) {
      feed_.feed(batch_);
      plan_.forward({});
      loss += batch_.count * weigh();
      pictures += batch_.count;
      plan_.backward({}, [&](int index, std::span<const float> part) {
        const std::span<double> sum = gradient.subspan(offsets_[static_cast<size_t>(index)]);
        for (size_t i = 0; i < part.size(); ++i) sum[i] += part[i];
      });
    }
    if (const auto kind = request_.stop ? request_.stop() : std::nullopt) {
      throw Error(*kind, "stopped while the heads were solved for");
    }
    loss /= static_cast<double>(pictures);
    for (double& value : gradient) value /= static_cast<double>(pictures);
    return loss + add_penalty(x, penalty, gradient);
  }

  [[nodiscard]] NamedTensors parameters(std::span<const double> x) {
    put(x);
    NamedTensors parameters;
    plan_.store_parameters(parameters);
    return parameters;
  }

 private:
  void put(std::span<const double> x) {
    for (size_t i = 0; i < offsets_.size(); ++i) {
      const std::span<float> values = plan_.parameters()[i].values;
      std::ranges::transform(x.subspan(offsets_[i], values.size()), values.begin(),
                             [](double value) { return static_cast<float>(value); });
    }
  }

  // The batch's loss; the labels' weights become those of the weighted tasks.
  double weigh() {
    double loss = 0;
    for (size_t task = 0; task < request_.tasks.size(); ++task) {
      const double weight = request_.tasks[task].weight;
      const double own = feed_.of(task).loss();
      if (!std::isnan(own)) loss += weight * own;
      feed_.of(task).scale_weights(weight);
    }
    return loss;
  }

  double add_penalty(std::span<const double> x, double penalty, std::span<double> gradient) const {
    double squares = 0;
    for (size_t i = 0; i < offsets_.size(); ++i) {
      const PlanParameter& parameter = plan_.parameters()[i];
      if (!parameter.name.ends_with("_weight")) continue;
      for (size_t at = offsets_[i]; at < offsets_[i] + parameter.values.size(); ++at) {
        squares += x[at] * x[at];
        gradient[at] += penalty * x[at];
      }
    }
    return penalty / 2 * squares;
  }

  const ProbeRequest& request_;
  Plan plan_;
  PlanFeed feed_;
  std::vector<size_t> offsets_;  // of the plan's parameters in x
  std::vector<double> values_;
  Batch batch_;
};

std::optional<double> score_of(const ProbeRequest& request, const NamedTensors& parameters,
                               Backend& backend) {
  if (request.validation == nullptr) return std::nullopt;
  Inference inference(request.part.graph, request.part.input,
                      request.part.batch_shape(request.batch_size), parameters, backend);
  const std::vector<TaskEvaluation> evaluations =
      evaluate(inference, request.tasks, *request.validation);
  return request.best_by.score(reports_of(evaluations), request.tasks);
}

}  // namespace

std::string why_not_linear(const TrainedPart& part) {
  for (const Node& node : part.graph.nodes()) {
    const bool linear = std::holds_alternative<Variable>(node.op) || is_loss(node.op) ||
                        std::holds_alternative<FullyConnected>(node.op);
    const bool hidden = linear && !node.inputs.empty() && !is_loss(node.op) &&
                        node.inputs.front().node != *part.graph.find(part.input);
    if (!linear || hidden) {
      return fmt::format("'{}' ({}) stands between the features and a loss", node.name,
                         op_name(node.op));
    }
  }
  return {};
}

ProbeResult fit_linear_heads(const ProbeRequest& request, Backend& backend) {
  if (const std::string reason = why_not_linear(request.part); !reason.empty()) {
    throw usage_error("the heads are not linear: {}", reason)
        .with_hint("--solver sgd trains them in epochs");
  }
  // The solver works on the heads' values with the processor.
  const bool on_host = backend.device().is_host();
  const std::unique_ptr<Backend> processor = on_host ? nullptr : make_cpu_backend();
  HeadLoss loss(request, on_host ? backend : *processor);
  std::vector<double> x = loss.start();
  std::optional<ProbeResult> best;
  int iterations = 0;
  for (const double penalty : kPenalties) {
    if (request.validation == nullptr && penalty != kPenaltyWithoutValidation) continue;
    const LbfgsResult result =
        minimise_lbfgs(x, [&](std::span<const double> at, std::span<double> gradient) {
          return loss(at, penalty, gradient);
        });
    iterations += result.iterations;
    NamedTensors parameters = loss.parameters(x);
    const std::optional<double> score = score_of(request, parameters, backend);
    const bool better =
        !best || !best->score || !score ||
        (request.best_by.higher_is_better() ? *score > *best->score : *score < *best->score);
    if (!better) continue;
    best = ProbeResult{.parameters = std::move(parameters),
                       .penalty = penalty,
                       .loss = result.value,
                       .score = score,
                       .iterations = 0};
  }
  best->iterations = iterations;
  return std::move(*best);
}

}  // namespace orthrus
