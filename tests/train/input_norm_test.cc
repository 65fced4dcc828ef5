#include "train/input_norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/input_statistics.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kPictures;
using testing::tiny_backbone;
using testing::tiny_model;

Model learned(float mean, float variance) {
  Model model = tiny_model();
  model.pretrained = true;
  model.parameters["bn_moving_mean"] = Tensor::filled({4}, mean);
  model.parameters["bn_moving_var"] = Tensor::filled({4}, variance);
  return model;
}

// A BatchNorm that reads the pictures, with the statistics of raw pixels.
Model learned_on_raw_pixels() {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  std::vector<Edge> inputs = {{data}};
  for (const char* name : {"bn_data_gamma", "bn_data_beta"}) {
    inputs.push_back({graph.add_variable(name, VariableRole::kParameter)});
  }
  for (const char* name : {"bn_data_moving_mean", "bn_data_moving_var"}) {
    inputs.push_back({graph.add_variable(name, VariableRole::kAuxiliary)});
  }
  const int norm = graph.add({"bn_data", BatchNorm{}, inputs});
  const int flat = graph.add({"flatten0", Flatten{}, {{norm}}});
  Model model = tiny_model();
  model.pretrained = true;
  model.graph = append_heads(graph, {flat}, model.tasks);
  model.parameters = {};
  for (const auto& [name, shape] : parameter_shapes(model.graph, model.preprocessing)) {
    model.parameters[name] = Tensor::zeros(shape);
  }
  model.parameters["bn_data_moving_mean"] = Tensor::filled({3}, 120);
  model.parameters["bn_data_moving_var"] = Tensor::filled({3}, 4000);
  return model;
}

InputNormReport settle(Model& model, InputNorm mode, const std::string& train = "heads") {
  const auto backend = make_ref_backend();
  return settle_input_norm(model, choose_trained_part(model, {.items = {train}}), mode,
                           make_file_pictures(read_list(kPictures / "train.lst"), kPictures), {},
                           *backend);
}

TEST(InputNorm, IsTakenOffWhereTheNetworkKnowsRawPixels) {
  Model model = learned_on_raw_pixels();
  const InputNormReport report = settle(model, InputNorm::kAuto);
  EXPECT_THAT(report.note, HasSubstr("they agree with raw pixels"));
  EXPECT_THAT(report.warning, IsEmpty());
  EXPECT_EQ(model.preprocessing.mean, (std::array<float, 3>{0, 0, 0}));
  EXPECT_EQ(model.preprocessing.std, (std::array<float, 3>{1, 1, 1}));
  EXPECT_EQ(model.parameters["bn_data_moving_mean"].data()[0], 120);
  EXPECT_THAT(settle(model, InputNorm::kAuto).note, IsEmpty()) << "now they agree";
}

TEST(InputNorm, GetsThePicturesStatisticsWhereNeitherFits) {
  Model model = learned(500, 0.01F);
  const InputNormReport report = settle(model, InputNorm::kAuto);
  EXPECT_THAT(report.note, HasSubstr("it gets those of the training pictures"));
  EXPECT_EQ(model.preprocessing.mean, tiny_model().preprocessing.mean);
  EXPECT_NE(model.parameters["bn_moving_mean"].data()[0], 500);
  EXPECT_THAT(settle(model, InputNorm::kAuto).note, IsEmpty());
}

TEST(InputNorm, StaysWhereItIsAskedFor) {
  Model model = learned_on_raw_pixels();
  const InputNormReport report = settle(model, InputNorm::kOn);
  EXPECT_THAT(report.note, IsEmpty());
  EXPECT_THAT(report.warning, HasSubstr("--input-norm auto mends that"));
  EXPECT_EQ(model.preprocessing, tiny_model().preprocessing);
}

TEST(InputNorm, IsNoQuestionWhereTheStatisticsMoveOrWereNeverLearned) {
  Model moving = learned_on_raw_pixels();
  EXPECT_THAT(settle(moving, InputNorm::kAuto, "all").note, IsEmpty());
  Model fresh = learned_on_raw_pixels();
  fresh.pretrained = false;
  EXPECT_THAT(settle(fresh, InputNorm::kAuto).note, IsEmpty());
}

}  // namespace
}  // namespace orthrus
