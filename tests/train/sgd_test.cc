#include "train/sgd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using testing::refusal_of;
using testing::same_bytes;
using testing::tiny_model;

class SgdOfTinyNetwork : public ::testing::Test {
 protected:
  SgdOfTinyNetwork() {
    PlanOptions training;
    training.training = true;
    plan_ = std::make_unique<Plan>(
        model_.graph, std::map<std::string, Shape>{{"data", {2, 3, 8, 8}}}, *backend_, training);
    plan_->load_parameters(model_.parameters);
  }

  // Index in parameters() of a name.
  [[nodiscard]] int index_of(const std::string& name) const {
    const auto parameters = plan_->parameters();
    const auto found = std::ranges::find(parameters, name, &PlanParameter::name);
    return static_cast<int>(found - parameters.begin());
  }
  [[nodiscard]] float first_value(const std::string& name) const {
    return plan_->parameters()[static_cast<size_t>(index_of(name))].values[0];
  }
  // One update of a parameter with the same gradient everywhere.
  void update(Sgd& sgd, const std::string& name, float gradient) {
    const int index = index_of(name);
    const size_t count = plan_->parameters()[static_cast<size_t>(index)].values.size();
    sgd.update(index, std::vector<float>(count, gradient));
  }

  Model model_ = tiny_model();
  std::unique_ptr<Backend> backend_ = make_ref_backend();
  std::unique_ptr<Plan> plan_;
};

TEST_F(SgdOfTinyNetwork, HoldsTheLearningRateInsideTheMomentum) {
  Sgd sgd(*plan_, {.momentum = 0.5, .weight_decay = 0});
  const float start = first_value("fc_bias");
  sgd.set_step(0.1, 0.25);
  update(sgd, "fc_bias", 4);  // momentum -0.1
  EXPECT_FLOAT_EQ(first_value("fc_bias"), start - 0.1F);
  sgd.set_step(0.01, 0.25);
  update(sgd, "fc_bias", 4);  // momentum -0.05 - 0.01
  EXPECT_FLOAT_EQ(first_value("fc_bias"), start - 0.16F);
}

TEST_F(SgdOfTinyNetwork, DecaysWeightsAndGammasOnly) {
  Sgd sgd(*plan_, {.momentum = 0, .weight_decay = 0.1});
  sgd.set_step(1, 1);
  const float weight = first_value("conv_weight");
  const float gamma = first_value("bn_gamma");
  for (const char* name : {"conv_weight", "bn_gamma", "bn_beta", "fc_bias"}) update(sgd, name, 1);
  EXPECT_FLOAT_EQ(first_value("conv_weight"), weight - 1 - 0.1F * weight);
  EXPECT_FLOAT_EQ(first_value("bn_gamma"), gamma - 1 - 0.1F * gamma);
  EXPECT_FLOAT_EQ(first_value("bn_beta"), -1);
  EXPECT_FLOAT_EQ(first_value("fc_bias"), -1);
}

TEST_F(SgdOfTinyNetwork, GivesAndTakesItsState) {
  const SgdOptions options;
  Sgd first(*plan_, options);
  first.set_step(0.1, 1);
  update(first, "conv_weight", 2);
  const NamedTensors state = first.state();
  EXPECT_EQ(state.at("conv_weight").shape(), (Shape{4, 3, 3, 3}));
  Sgd second(*plan_, options);
  EXPECT_FALSE(same_bytes(second.state(), state));
  second.restore(state);
  EXPECT_TRUE(same_bytes(second.state(), state));
  EXPECT_THAT(refusal_of([&] { second.restore({}); }), HasSubstr("momentum of"));
}

}  // namespace
}  // namespace orthrus
