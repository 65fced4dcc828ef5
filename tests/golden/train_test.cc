// Whole trainings repeated step by step against MXNet 1.9.1 (tests/golden/mxnet/README.md, train/):
// pictures through the loader in list order, plan, optimizer and schedule, and the trainer around
// them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/threads.h"
#include "golden/backends.h"
#include "golden/networks.h"
#include "graph/passes/fuse.h"
#include "infer/evaluate.h"
#include "tasks/heads.h"
#include "tasks/label_reader.h"
#include "tasks/loss.h"
#include "train/training.h"

namespace orthrus {
namespace {

using testing::backend_names;
using testing::bare_params;
using testing::expect_close;
using testing::golden_loader;
using testing::golden_model;
using testing::golden_preprocessing;
using testing::kGoldens;
using testing::make_backend_named;
using testing::RecordingObserver;
using testing::Tolerance;

constexpr int kBatch = 8;
constexpr Tolerance kEarlyOutputs{.absolute = 3e-5};  // steps 1 to 3
constexpr Tolerance kLateOutputs{.absolute = 1e-4};
constexpr Tolerance kGradients{.absolute = 2e-5, .of_maximum = 3e-4};
constexpr Tolerance kEarlyParameters{.absolute = 1e-5, .of_maximum = 1e-4};  // steps 1 and 2
constexpr Tolerance kLateParameters{.absolute = 2e-5, .of_maximum = 3e-4};

struct TrainCase {
  std::string name;
  std::string symbol;
  int steps = 10;
  std::string backend;
  int threads = 1;
};

class Training : public ::testing::TestWithParam<TrainCase> {
 protected:
  void SetUp() override {
    set_threads(GetParam().threads);
    backend_ = make_backend_named(GetParam().backend);
    std::ifstream(folder() / "train.json") >> log_;
    loading_.batch_size = kBatch;
    train_ = golden_loader("train.lst", golden_preprocessing(32, 32), loading_);
    outputs_ = mxnet::read_params(folder() / "outputs.params");
  }

  [[nodiscard]] std::filesystem::path folder() const {
    return kGoldens / "train" / GetParam().name;
  }
  [[nodiscard]] Model model() const {
    return golden_model(GetParam().name, GetParam().symbol, golden_preprocessing(32, 32));
  }
  [[nodiscard]] TrainerOptions options() const {
    TrainerOptions options;
    options.batch_size = kBatch;
    options.end_epoch = 1000;
    options.optimizer = {.momentum = log_["momentum"], .weight_decay = log_["wd"]};
    options.schedule = {.base = log_["learning_rate"],
                        .factor = log_["factor"],
                        .steps = log_["steps"].get<std::vector<int64_t>>()};
    return options;
  }

  // Mean cross-entropies and outputs of a step, before its update.
  void expect_step(int step, const Plan& plan, const std::vector<double>& losses) {
    const nlohmann::json& wanted = log_["log"][static_cast<size_t>(step - 1)];
    const Tolerance tolerance = step <= 3 ? kEarlyOutputs : kLateOutputs;
    for (size_t task = 0; task < losses.size(); ++task) {
      const std::string name = classic_tasks(4)[task].name;
      const std::string key = fmt::format("step{:02}:{}_output", step, name);
      expect_close(plan.output(static_cast<int>(task)), outputs_.at(key), tolerance, key);
      EXPECT_NEAR(losses[task], wanted["ce_" + name].get<double>(), tolerance.absolute) << key;
    }
  }

  // Parameters and running statistics after a step, where there is a golden of it.
  void expect_parameters(int step, const Plan& plan) {
    const auto golden = folder() / fmt::format("step{:02}.params", step);
    if (!std::filesystem::exists(golden)) return;
    NamedTensors now;
    plan.store_parameters(now);
    for (const auto& [name, tensor] : bare_params(golden)) {
      expect_close(now.at(name).data(), tensor, step <= 2 ? kEarlyParameters : kLateParameters,
                   fmt::format("step {}: {}", step, name));
    }
  }

  void feed(const Batch& batch, const std::vector<Task>& tasks, Plan& plan) {
    std::ranges::copy(batch.images.data(), plan.input("data").begin());
    for (const Task& task : tasks) {
      const std::span<float> labels = plan.input(task.label_input());
      std::vector<float> present(labels.size());
      LabelReader(task).read_batch(batch.labels, batch.count, labels, present);
      loss_weights(task, labels, present, batch.count, plan.input(task.weight_input()));
    }
  }

  // Accuracies over val.lst with and without the fill of the last batch.
  void expect_accuracies(const Model& trained, const nlohmann::json& wanted) {
    Inference inference(trained, kBatch, *backend_);
    for (const bool fill : {true, false}) {
      LoaderOptions loading = loading_;
      loading.last_batch = fill ? LastBatch::kMxnet : LastBatch::kPad;
      const auto loader = golden_loader("val.lst", trained.preprocessing, loading);
      const std::vector<TaskEvaluation> tasks = evaluate(inference, trained.tasks, *loader);
      for (size_t task = 0; task < tasks.size(); ++task) {
        const MetricSums& sums = tasks[task].sums();
        const double accuracy =
            fill ? wanted["with_padding"][fmt::format("multi_accuracy-task{}", task)].get<double>()
                 : wanted["without_padding"][task].get<double>();
        EXPECT_DOUBLE_EQ(sums.accuracy(), accuracy) << "task " << task;
        EXPECT_EQ(sums.weight, fill ? wanted["counted"] : wanted["images"]);
      }
    }
  }

  std::unique_ptr<Backend> backend_;
  nlohmann::json log_;
  LoaderOptions loading_;
  std::unique_ptr<Loader> train_;
  NamedTensors outputs_;
  RecordingObserver observer_;
};

// MXNet 1.9.1 computes a PReLU's gradient of gamma from the gradient of its input, which has taken
// the place of that of its output by then: it is gamma times the true one. Orthrus has the true
// one.
void repeat_prelu_defect(const std::string& name, std::span<const float> values,
                         std::span<float> gradient) {
  if (name != "prelu_a_gamma") return;
  for (size_t i = 0; i < gradient.size(); ++i) gradient[i] *= values[i];
}

Plan training_plan(const Model& model, Backend& backend) {
  PlanOptions training;
  training.training = true;
  return Plan(fuse_batch_norm(weigh_samples(model.graph)), {{"data", {kBatch, 3, 32, 32}}}, backend,
              training);
}

TEST_P(Training, FollowsMxnetStepByStep) {
  const Model start = model();
  const TrainerOptions trainer_options = options();
  Plan plan = training_plan(start, *backend_);
  plan.load_parameters(start.parameters);
  Optimizer sgd(plan, trainer_options.optimizer);
  Batch batch;
  for (int step = 1; step <= GetParam().steps; ++step) {
    if (!train_->next(batch)) {
      train_->start_epoch(1);
      ASSERT_TRUE(train_->next(batch));
    }
    feed(batch, start.tasks, plan);
    plan.forward({});
    std::vector<double> losses;
    for (size_t task = 0; task < start.tasks.size(); ++task) {
      MetricSums sums;
      sums.add(plan.output(static_cast<int>(task)), plan.input(start.tasks[task].label_input()),
               plan.input(start.tasks[task].weight_input()));
      losses.push_back(sums.mean_loss());
    }
    expect_step(step, plan, losses);
    sgd.set_step(trainer_options.schedule.rate(step), 1.0 / kBatch);
    plan.backward({}, [&](int index, std::span<const float> gradient) {
      const PlanParameter& parameter = plan.parameters()[static_cast<size_t>(index)];
      std::vector<float> changed(gradient.begin(), gradient.end());
      repeat_prelu_defect(parameter.name, parameter.values, changed);
      sgd.update(index, changed);
    });
    expect_parameters(step, plan);
  }
}

// The same through the trainer; without the network whose PReLU MXNet trains differently.
class TrainerTraining : public Training {};

TEST_P(TrainerTraining, FollowsMxnetStepByStep) {
  Trainer trainer(model(), *train_, nullptr, *backend_, options(), observer_);
  std::vector<double> sums_before(2, 0);
  for (int step = 1; step <= GetParam().steps; ++step) {
    if (!trainer.step()) {
      trainer.finish_epoch();
      ASSERT_TRUE(trainer.step());
    }
    const StepReport& report = observer_.steps.back();
    const nlohmann::json& wanted = log_["log"][static_cast<size_t>(step - 1)];
    EXPECT_DOUBLE_EQ(report.learning_rate, wanted["lr"].get<double>()) << "step " << step;
    std::vector<double> losses;
    for (size_t task = 0; task < sums_before.size(); ++task) {
      if (report.batch == 1) sums_before[task] = 0;
      losses.push_back((report.epoch_sums[task].loss - sums_before[task]) / kBatch);
      sums_before[task] = report.epoch_sums[task].loss;
    }
    expect_step(step, trainer.plan(), losses);
    expect_parameters(step, trainer.plan());
  }
  Model trained = model();
  trained.parameters = trainer.state().parameters;
  expect_accuracies(trained, log_["val_after"]);
}

// Row-major gradients, from wherever the backend's memory is.
class TrainingGradients : public Training {};

TEST_P(TrainingGradients, OfTheFirstStep) {
  const Model start = model();
  expect_accuracies(start, log_["val_before"]);
  Plan plan = training_plan(start, *backend_);
  plan.load_parameters(start.parameters);
  Batch batch;
  ASSERT_TRUE(train_->next(batch));
  feed(batch, start.tasks, plan);
  NamedTensors gradients;
  plan.forward({});
  plan.backward({}, [&](int index, std::span<const float> gradient) {
    const PlanParameter& parameter = plan.parameters()[static_cast<size_t>(index)];
    Tensor& plain = gradients[parameter.name] = plan.to_canonical(index, std::as_bytes(gradient));
    repeat_prelu_defect(parameter.name,
                        plan.to_canonical(index, std::as_bytes(parameter.values)).data(),
                        plain.data());
  });
  const NamedTensors goldens = bare_params(folder() / "grad01.params");
  EXPECT_GE(goldens.size(), 20U);
  for (const auto& [name, golden] : goldens) {
    ASSERT_TRUE(gradients.contains(name)) << name;
    expect_close(gradients.at(name).data(), golden, kGradients, name);
  }
}

std::vector<TrainCase> cases(bool with_prelu, bool with_gpu) {
  std::vector<TrainCase> all;
  for (const std::string& backend : backend_names()) {
    if (!with_gpu && backend == "cuda") continue;
    for (const int threads : {1, 2}) {
      if (backend == "cuda" && threads > 1) continue;
      all.push_back({"preact", "preact-legacy-symbol.json", 10, backend, threads});
      all.push_back({"v1", "v1-symbol.json", 10, backend, threads});
      if (with_prelu) all.push_back({"plain", "plain-nodrop-symbol.json", 3, backend, threads});
    }
  }
  return all;
}

std::string training_name(const ::testing::TestParamInfo<TrainCase>& info) {
  return fmt::format("{}_{}_{}", info.param.name, info.param.backend, info.param.threads);
}

// The first changes gradients on their way to the optimizer, which a GPU keeps to itself.
INSTANTIATE_TEST_SUITE_P(Networks, Training, ::testing::ValuesIn(cases(true, false)),
                         training_name);
INSTANTIATE_TEST_SUITE_P(Networks, TrainingGradients, ::testing::ValuesIn(cases(true, true)),
                         training_name);
INSTANTIATE_TEST_SUITE_P(Networks, TrainerTraining, ::testing::ValuesIn(cases(false, true)),
                         training_name);

}  // namespace
}  // namespace orthrus
