#include "train/input_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::ElementsAre;
using testing::golden_loader;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RecordingObserver;
using testing::tiny_backbone;
using testing::tiny_heads_on;
using testing::tiny_model;

// Warnings of a training of three steps.
std::vector<std::string> warnings_of(Model model) {
  model.pretrained = true;
  LoaderOptions loading;
  loading.batch_size = 8;
  const auto loader = golden_loader("train.lst", model.preprocessing, loading);
  const auto backend = make_ref_backend();
  RecordingObserver observer;
  TrainerOptions options;
  options.batch_size = 8;
  options.end_epoch = 2;
  Trainer trainer(std::move(model), *loader, nullptr, *backend, options, observer);
  trainer.run();
  return observer.warnings;
}

// The tiny network with a BatchNorm in front that reads the pictures.
Model with_picture_norm(float mean, float variance, bool frozen) {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  std::vector<Edge> inputs = {{data}};
  for (const char* name : {"bn_data_gamma", "bn_data_beta"}) {
    inputs.push_back({graph.add_variable(name, VariableRole::kParameter)});
  }
  for (const char* name : {"bn_data_moving_mean", "bn_data_moving_var"}) {
    inputs.push_back({graph.add_variable(name, VariableRole::kAuxiliary)});
  }
  const int norm = graph.add({"bn_data", BatchNorm{.use_global_stats = frozen}, inputs});
  const int flat = graph.add({"flatten0", Flatten{}, {{norm}}});
  Model model = tiny_heads_on(graph, flat);
  model.parameters["bn_data_gamma"] = Tensor::filled({3}, 1);
  model.parameters["bn_data_moving_mean"] = Tensor::filled({3}, mean);
  model.parameters["bn_data_moving_var"] = Tensor::filled({3}, variance);
  return model;
}

TEST(InputStatistics, WarnOnceAboutStatisticsOfRawPixels) {
  for (const bool frozen : {false, true}) {
    EXPECT_THAT(warnings_of(with_picture_norm(120, 4000, frozen)),
                ElementsAre(HasSubstr("'bn_data', holds statistics that disagree")));
  }
}

TEST(InputStatistics, AreSilentWhereTheyAgree) {
  EXPECT_THAT(warnings_of(with_picture_norm(0, 1, false)), IsEmpty());
}

TEST(InputStatistics, FindTheBatchsStatisticsBehindAConvolution) {
  Model model = tiny_model();
  model.parameters["bn_moving_mean"] = Tensor::filled({4}, 500);
  EXPECT_THAT(warnings_of(std::move(model)),
              ElementsAre(HasSubstr("'bn', holds statistics that disagree")));
}

TEST(InputStatistics, OfANetworkThatWasNeverTrainedAreNotLookedAt) {
  Model model = with_picture_norm(120, 4000, false);
  model.pretrained = false;
  const InputStatisticsCheck check(model);
  const auto backend = make_ref_backend();
  const Plan plan(model.graph, {{"data", {8, 3, 8, 8}}}, *backend, {});
  EXPECT_EQ(check.compare(plan, Tensor::zeros({8, 3, 8, 8})), "");
}

}  // namespace
}  // namespace orthrus
