// Whole trainings repeated step by step against MXNet 1.9.1 (tests/golden/mxnet/README.md, train/):
// pictures through the loader in list order, the trainer, its optimizer and schedule.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/threads.h"
#include "golden/networks.h"
#include "graph/passes/fuse.h"
#include "infer/evaluate.h"
#include "tasks/heads.h"
#include "train/training.h"

namespace orthrus {
namespace {

using testing::bare_params;
using testing::expect_close;
using testing::golden_loader;
using testing::golden_model;
using testing::golden_preprocessing;
using testing::kGoldens;
using testing::RecordingObserver;
using testing::Tolerance;

constexpr int kBatch = 8;
constexpr Tolerance kEarlyOutputs{.absolute = 3e-5};  // steps 1 to 3
constexpr Tolerance kLateOutputs{.absolute = 1e-4};
constexpr Tolerance kGradients{.absolute = 2e-5, .of_maximum = 3e-4};
constexpr Tolerance kEarlyParameters{.absolute = 1e-5, .of_maximum = 1e-4};  // steps 1 and 2
constexpr Tolerance kLateParameters{.absolute = 2e-5, .of_maximum = 3e-4};

struct Case {
  std::string name;
  std::string symbol;
  int steps = 10;
  bool cpu = false;
  int threads = 1;
};

class Training : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    set_threads(GetParam().threads);
    backend_ = GetParam().cpu ? make_cpu_backend() : make_ref_backend();
    std::ifstream(folder() / "train.json") >> log_;
    loading_.batch_size = kBatch;
    train_ = golden_loader("train.lst", golden_preprocessing(32, 32), loading_);
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
    options.sgd = {.momentum = log_["momentum"], .weight_decay = log_["wd"]};
    options.schedule = {.base = log_["learning_rate"],
                        .factor = log_["factor"],
                        .steps = log_["steps"].get<std::vector<int64_t>>()};
    return options;
  }

  // Accuracies over val.lst with and without the fill of the last batch.
  void expect_accuracies(const Model& trained, const nlohmann::json& wanted) {
    Inference inference(trained, kBatch, *backend_);
    for (const bool fill : {true, false}) {
      LoaderOptions loading = loading_;
      loading.last_batch = fill ? LastBatch::kMxnet : LastBatch::kPad;
      const auto loader = golden_loader("val.lst", trained.preprocessing, loading);
      const std::vector<MetricSums> sums = evaluate(inference, trained.tasks, *loader);
      for (size_t task = 0; task < sums.size(); ++task) {
        const double accuracy =
            fill ? wanted["with_padding"][fmt::format("multi_accuracy-task{}", task)].get<double>()
                 : wanted["without_padding"][task].get<double>();
        EXPECT_DOUBLE_EQ(sums[task].accuracy(), accuracy) << "task " << task;
        EXPECT_EQ(sums[task].weight, fill ? wanted["counted"] : wanted["images"]);
      }
    }
  }

  std::unique_ptr<Backend> backend_;
  nlohmann::json log_;
  LoaderOptions loading_;
  std::unique_ptr<Loader> train_;
  RecordingObserver observer_;
};

TEST_P(Training, FollowsMxnetStepByStep) {
  Trainer trainer(model(), *train_, nullptr, *backend_, options(), observer_);
  const NamedTensors outputs = mxnet::read_params(folder() / "outputs.params");
  std::vector<double> losses(2, 0);  // sums of the epoch before this step
  for (int step = 1; step <= GetParam().steps; ++step) {
    if (!trainer.step()) {
      trainer.finish_epoch();
      ASSERT_TRUE(trainer.step());
    }
    const StepReport& report = observer_.steps.back();
    const nlohmann::json& wanted = log_["log"][static_cast<size_t>(step - 1)];
    EXPECT_DOUBLE_EQ(report.learning_rate, wanted["lr"].get<double>()) << "step " << step;
    for (int task = 0; task < 2; ++task) {
      const std::string name = classic_tasks(4)[static_cast<size_t>(task)].name;
      const std::string key = fmt::format("step{:02}:{}_output", step, name);
      const Tolerance tolerance = step <= 3 ? kEarlyOutputs : kLateOutputs;
      expect_close(trainer.plan().output(task), outputs.at(key), tolerance, key);
      double& before = losses[static_cast<size_t>(task)];
      if (report.batch == 1) before = 0;
      const double after = report.epoch_sums[static_cast<size_t>(task)].loss;
      EXPECT_NEAR((after - before) / kBatch, wanted["ce_" + name].get<double>(), tolerance.absolute)
          << key;
      before = after;
    }
    const auto golden = folder() / fmt::format("step{:02}.params", step);
    if (!std::filesystem::exists(golden)) continue;
    const TrainerState state = trainer.state();
    for (const auto& [name, tensor] : bare_params(golden)) {
      expect_close(state.parameters.at(name).data(), tensor,
                   step <= 2 ? kEarlyParameters : kLateParameters,
                   fmt::format("step {}: {}", step, name));
    }
  }
  Model trained = model();
  trained.parameters = trainer.state().parameters;
  expect_accuracies(trained, log_["val_after"]);
}

TEST_P(Training, GradientsOfTheFirstStep) {
  const Model start = model();
  expect_accuracies(start, log_["val_before"]);
  PlanOptions training;
  training.training = true;
  Plan plan(fuse_batch_norm(weigh_samples(start.graph)), {{"data", {kBatch, 3, 32, 32}}}, *backend_,
            training);
  plan.load_parameters(start.parameters);
  Batch batch;
  ASSERT_TRUE(train_->next(batch));
  std::ranges::copy(batch.images.data(), plan.input("data").begin());
  for (const Task& task : start.tasks) {
    derive_labels(task, batch.labels, batch.count, plan.input(task.label_input()),
                  plan.input(task.weight_input()));
  }
  NamedTensors gradients;
  plan.forward({});
  plan.backward({}, [&](int index, std::span<const float> gradient) {
    gradients[plan.parameters()[static_cast<size_t>(index)].name] =
        plan.to_canonical(index, std::as_bytes(gradient));
  });
  const NamedTensors goldens = bare_params(folder() / "grad01.params");
  EXPECT_GE(goldens.size(), 20U);
  for (const auto& [name, golden] : goldens) {
    ASSERT_TRUE(gradients.contains(name)) << name;
    expect_close(gradients.at(name).data(), golden, kGradients, name);
  }
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const bool cpu : {false, true}) {
    for (const int threads : {1, 2}) {
      all.push_back({"preact", "preact-legacy-symbol.json", 10, cpu, threads});
      all.push_back({"v1", "v1-symbol.json", 10, cpu, threads});
      all.push_back({"plain", "plain-nodrop-symbol.json", 3, cpu, threads});
    }
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  return fmt::format("{}_{}_{}", info.param.name, info.param.cpu ? "cpu" : "ref",
                     info.param.threads);
}

INSTANTIATE_TEST_SUITE_P(Networks, Training, ::testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace orthrus
