#include "train/linear_probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "base/random.h"
#include "graph/passes/fuse.h"
#include "infer/evaluate.h"
#include "tasks/heads.h"
#include "train/lbfgs.h"
#include "train/plan_feed.h"

namespace orthrus {
namespace {

constexpr std::array<double, 7> kPenalties = {1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
constexpr double kPenaltyForFewPictures = 1e-2;  // too few to hold some back
constexpr int64_t kFewPictures = 20;

// The pictures that a loss is of: all, or without a validation list those that are fitted and the
// fifth that is held back.
enum class LabelledPart { kAll, kFitted, kHeldBack };

bool is_held_back(int64_t position) {
  return RandomStream(0, StreamPurpose::kHoldBack, 0, static_cast<uint64_t>(position)).below(5) ==
         0;
}

// Takes the labels of the other pictures away.
void keep_labels(LabelledPart pictures, Batch& batch) {
  if (pictures == LabelledPart::kAll) return;
  const std::span<float> labels = batch.labels.data();
  const size_t columns = labels.size() / batch.positions.size();
  for (size_t row = 0; row < batch.positions.size(); ++row) {
    if (is_held_back(batch.positions[row]) == (pictures == LabelledPart::kHeldBack)) continue;
    std::ranges::fill(labels.subspan(row * columns, columns),
                      std::numeric_limits<float>::quiet_NaN());
  }
}

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

  double operator()(std::span<const double> x, LabelledPart pictures, double penalty,
                    std::span<double> gradient) {
    std::ranges::fill(gradient, 0.0);
    const double loss = mean_loss(x, pictures, [&] {
      plan_.backward({}, [&](int index, std::span<const float> part) {
        const std::span<double> sum = gradient.subspan(offsets_[static_cast<size_t>(index)]);
        for (size_t i = 0; i < part.size(); ++i) sum[i] += part[i];
      });
    });
    for (double& value : gradient) value /= static_cast<double>(count_);
    return loss + add_penalty(x, penalty, gradient);
  }

  double held_back(std::span<const double> x) {
    return mean_loss(x, LabelledPart::kHeldBack, [] {});
  }

  // Images of an epoch; known after a first loss.
  [[nodiscard]] int64_t count() const { return count_; }

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

  template <typename AfterBatch>
  double mean_loss(std::span<const double> x, LabelledPart pictures,
                   const AfterBatch& after_batch) {
    put(x);
    double loss = 0;
    count_ = 0;
    request_.train.start_epoch(0);
    while (request_.train.next(batch_)) {
      keep_labels(pictures, batch_);
      feed_.feed(batch_);
      plan_.forward({});
      loss += batch_.count * weigh();
      count_ += batch_.count;
      after_batch();
    }
    if (const auto kind = request_.stop ? request_.stop() : std::nullopt) {
      throw Error(*kind, "stopped while the heads were solved for");
    }
    return loss / static_cast<double>(count_);
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
  int64_t count_ = 0;
  Batch batch_;
};

LbfgsResult minimise(HeadLoss& loss, LabelledPart pictures, double penalty,
                     std::vector<double>& x) {
  return minimise_lbfgs(x, [&](std::span<const double> at, std::span<double> gradient) {
    return loss(at, pictures, penalty, gradient);
  });
}

std::optional<double> score_of(const ProbeRequest& request, const NamedTensors& parameters,
                               Backend& backend) {
  Inference inference(request.part.graph, request.part.input,
                      request.part.batch_shape(request.batch_size), parameters, backend);
  const std::vector<TaskEvaluation> evaluations =
      evaluate(inference, request.tasks, *request.validation);
  return request.best_by.score(reports_of(evaluations), request.tasks);
}

ProbeResult chosen_by_validation(const ProbeRequest& request, HeadLoss& loss, Backend& backend) {
  std::vector<double> x = loss.start();
  std::optional<ProbeResult> best;
  int iterations = 0;
  for (const double penalty : kPenalties) {
    const LbfgsResult result = minimise(loss, LabelledPart::kAll, penalty, x);
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

// Down to the penalty with which the loss of what is held back grows; then with all pictures.
ProbeResult chosen_by_held_back(HeadLoss& loss) {
  std::vector<double> x = loss.start();
  std::vector<double> best = x;
  double penalty = kPenaltyForFewPictures;
  double least = loss.held_back(x);
  int iterations = 0;
  if (loss.count() >= kFewPictures) {
    for (const double next : kPenalties) {
      iterations += minimise(loss, LabelledPart::kFitted, next, x).iterations;
      const double value = loss.held_back(x);
      if (value >= least) break;
      least = value;
      penalty = next;
      best = x;
    }
  }
  const LbfgsResult result = minimise(loss, LabelledPart::kAll, penalty, best);
  return {.parameters = loss.parameters(best),
          .penalty = penalty,
          .loss = result.value,
          .score = std::nullopt,
          .iterations = iterations + result.iterations};
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
  return request.validation != nullptr ? chosen_by_validation(request, loss, backend)
                                       : chosen_by_held_back(loss);
}

}  // namespace orthrus
