#include "train/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <numeric>

#include "train/training.h"
#include "train/weight_average.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using testing::refusal_of;
using testing::same_bytes;
using testing::tiny_model;

class OptimizerOfTinyNetwork : public ::testing::Test {
 protected:
  OptimizerOfTinyNetwork() {
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
  void update(Optimizer& sgd, const std::string& name, float gradient) {
    const int index = index_of(name);
    const size_t count = plan_->parameters()[static_cast<size_t>(index)].values.size();
    sgd.update(index, std::vector<float>(count, gradient));
  }

  Model model_ = tiny_model();
  std::unique_ptr<Backend> backend_ = make_ref_backend();
  std::unique_ptr<Plan> plan_;
};

TEST_F(OptimizerOfTinyNetwork, HoldsTheLearningRateInsideTheMomentum) {
  Optimizer sgd(*plan_, {.momentum = 0.5, .weight_decay = 0});
  const float start = first_value("fc_bias");
  sgd.set_step(0.1, 0.25);
  update(sgd, "fc_bias", 4);  // momentum -0.1
  EXPECT_FLOAT_EQ(first_value("fc_bias"), start - 0.1F);
  sgd.set_step(0.01, 0.25);
  update(sgd, "fc_bias", 4);  // momentum -0.05 - 0.01
  EXPECT_FLOAT_EQ(first_value("fc_bias"), start - 0.16F);
}

TEST_F(OptimizerOfTinyNetwork, DecaysWeightsAndGammasOnly) {
  Optimizer sgd(*plan_, {.momentum = 0, .weight_decay = 0.1});
  sgd.set_step(1, 1);
  const float weight = first_value("conv_weight");
  const float gamma = first_value("bn_gamma");
  for (const char* name : {"conv_weight", "bn_gamma", "bn_beta", "fc_bias"}) update(sgd, name, 1);
  EXPECT_FLOAT_EQ(first_value("conv_weight"), weight - 1 - 0.1F * weight);
  EXPECT_FLOAT_EQ(first_value("bn_gamma"), gamma - 1 - 0.1F * gamma);
  EXPECT_FLOAT_EQ(first_value("bn_beta"), -1);
  EXPECT_FLOAT_EQ(first_value("fc_bias"), -1);
}

TEST_F(OptimizerOfTinyNetwork, GivesAndTakesItsState) {
  const OptimizerOptions options;
  Optimizer first(*plan_, options);
  first.set_step(0.1, 1);
  update(first, "conv_weight", 2);
  const NamedTensors state = first.first_moments();
  EXPECT_EQ(state.at("conv_weight").shape(), (Shape{4, 3, 3, 3}));
  Optimizer second(*plan_, options);
  EXPECT_FALSE(same_bytes(second.first_moments(), state));
  second.restore(state, {});
  EXPECT_TRUE(same_bytes(second.first_moments(), state));
  EXPECT_THAT(refusal_of([&] { second.restore({}, {}); }), HasSubstr("momentum of"));
}

// What the formulas give in double for one value, step by step.
struct Reference {
  double weight = 0, first = 0, second = 0;

  void nesterov(double g, double rate, double momentum, double decay) {
    g += decay * weight;
    first = momentum * first + g;  // PyTorch's buffer; the rate is constant
    weight -= rate * (g + momentum * first);
  }
  void adamw(double g, double rate, double decay, int t) {
    constexpr double kBeta1 = 0.9, kBeta2 = 0.99, kEpsilon = 1e-3;
    weight -= rate * decay * weight;
    first = kBeta1 * first + (1 - kBeta1) * g;
    second = kBeta2 * second + (1 - kBeta2) * g * g;
    const double mean = first / (1 - std::pow(kBeta1, t));
    const double square = second / (1 - std::pow(kBeta2, t));
    weight -= rate * mean / (std::sqrt(square) + kEpsilon);
  }
};

TEST_F(OptimizerOfTinyNetwork, FollowsNesterov) {
  Optimizer optimizer(*plan_, {.name = "nesterov", .momentum = 0.8, .weight_decay = 0.1});
  Reference reference{.weight = first_value("fc_weight")};
  for (int t = 1; t <= 10; ++t) {
    const double gradient = std::sin(t);
    optimizer.set_step(0.05, 0.5, t);
    update(optimizer, "fc_weight", static_cast<float>(gradient));
    reference.nesterov(0.5 * gradient, 0.05, 0.8, 0.1);
    EXPECT_NEAR(first_value("fc_weight"), reference.weight, 1e-6) << t;
  }
}

TEST_F(OptimizerOfTinyNetwork, FollowsAdamW) {
  Optimizer optimizer(
      *plan_, {.name = "adamw", .weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-3});
  Reference reference{.weight = first_value("fc_weight")};
  for (int t = 1; t <= 10; ++t) {
    const double gradient = std::sin(t);
    optimizer.set_step(0.05, 0.5, t);
    update(optimizer, "fc_weight", static_cast<float>(gradient));
    reference.adamw(0.5 * gradient, 0.05, 0.1, t);
    EXPECT_NEAR(first_value("fc_weight"), reference.weight, 1e-6) << t;
  }
  EXPECT_EQ(optimizer.second_moments().at("fc_weight").shape(),
            optimizer.first_moments().at("fc_weight").shape());
}

// What follows is held against tests/train/reference/make_references.py: the weight starts with
// sin(1), sin(2), ..., and its gradient in step t is cos(t), cos(2 t), ..., halved by the scale.
class OptimizerBesideOthers : public OptimizerOfTinyNetwork {
 protected:
  OptimizerBesideOthers() {
    for (size_t i = 0; i < values().size(); ++i) {
      values()[i] = static_cast<float>(std::sin(static_cast<double>(i + 1)));
    }
  }
  [[nodiscard]] std::span<float> values() const {
    return plan_->parameters()[static_cast<size_t>(index_of("conv_weight"))].values;
  }
  void update(Optimizer& optimizer, const std::function<double(double index)>& gradient) {
    std::vector<float> gradients;
    for (size_t i = 0; i < values().size(); ++i) {
      gradients.push_back(static_cast<float>(gradient(static_cast<double>(i + 1))));
    }
    optimizer.update(index_of("conv_weight"), gradients);
  }
  // The sum, the first and the last value.
  void expect(const std::array<double, 3>& reference, int step) const {
    EXPECT_NEAR(std::accumulate(values().begin(), values().end(), 0.0), reference[0], 2e-6) << step;
    EXPECT_NEAR(values().front(), reference[1], 1e-6) << step;
    EXPECT_NEAR(values().back(), reference[2], 1e-6) << step;
  }
  void expect_three_steps(const OptimizerOptions& options, double rate,
                          const std::array<std::array<double, 3>, 3>& reference) {
    Optimizer optimizer(*plan_, options);
    for (int t = 1; t <= 3; ++t) {
      optimizer.set_step(rate, 0.5, t);
      update(optimizer, [t](double index) { return std::cos(index * t); });
      optimizer.finish_step();
      expect(reference[static_cast<size_t>(t - 1)], t);
    }
  }
};

TEST_F(OptimizerBesideOthers, FollowsLars) {
  expect_three_steps({.name = "lars", .weight_decay = 0.1, .trust = 0.02}, 0.5,
                     {{{1.028748055, 0.835537000, 0.922121596},
                       {1.026736730, 0.832275911, 0.922349648},
                       {1.031372125, 0.836267554, 0.928696981}}});
}

TEST_F(OptimizerBesideOthers, FollowsLamb) {
  expect_three_steps(
      {.name = "lamb", .weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-3}, 0.05,
      {{{0.968949279, 0.802816405, 0.887916182},
        {1.378256201, 0.794926126, 0.900950037},
        {1.596111109, 0.822432202, 0.938712594}}});
}

TEST_F(OptimizerBesideOthers, BoundsGradientsByTheirWeights) {
  expect_three_steps({.weight_decay = 0, .clip_adaptive = 0.4}, 0.5,
                     {{{0.909715339, 0.728939444, 0.851925915},
                       {0.938462009, 0.714902265, 0.927963858},
                       {1.182784758, 0.912656469, 1.191041941}}});
}

TEST_F(OptimizerBesideOthers, ClimbsAndReturns) {
  constexpr std::array<std::array<double, 3>, 3> kReference = {
      {{0.802613523, 0.798690840, 0.780791363},
       {0.378551076, 0.719442196, 0.525104260},
       {-0.186275560, 0.611019793, 0.208820276}}};
  Optimizer optimizer(*plan_, {.momentum = 0.9, .weight_decay = 0, .climbs = true});
  const auto slope = [this](double index) {
    return std::fmod(index, 5) * values()[static_cast<size_t>(index) - 1];
  };
  const std::span<float> mean =
      plan_->parameters()[static_cast<size_t>(index_of("bn_moving_mean"))].values;
  for (int t = 1; t <= 3; ++t) {
    mean[0] = 7;
    optimizer.set_step(0.1, 0.5, t);
    update(optimizer, slope);
    optimizer.climb(0.3);
    mean[0] = 8;  // of the pass up there
    update(optimizer, slope);
    optimizer.return_from_climb();
    optimizer.finish_step();
    expect(kReference[static_cast<size_t>(t - 1)], t);
    EXPECT_EQ(mean[0], 7);
  }
}

TEST_F(OptimizerOfTinyNetwork, LeavesHeadsWithoutTheAdaptiveBound) {
  Optimizer optimizer(
      *plan_,
      {.momentum = 0, .weight_decay = 0, .clip_adaptive = 0.01, .not_adaptive = {"fc_bias"}});
  const float bias = first_value("fc_bias"), beta = first_value("bn_beta");
  optimizer.set_step(0.1, 1);
  update(optimizer, "fc_bias", 3);
  update(optimizer, "bn_beta", 3);
  optimizer.finish_step();
  EXPECT_FLOAT_EQ(first_value("fc_bias"), bias - 0.3F);
  // A vector of zeros counts as one of length 0.001; its four gradients are alike.
  EXPECT_NEAR(first_value("bn_beta"), beta - 0.1F * 0.01F * 0.001F / 2, 1e-9);
}

TEST_F(OptimizerOfTinyNetwork, BoundsTheNormOfAllGradientsTogether) {
  Optimizer optimizer(*plan_, {.momentum = 0, .weight_decay = 0, .clip_norm = 1});
  const float bias = first_value("fc_bias"), beta = first_value("bn_beta");
  // Four values of 3 and four of 4, halved: the norm is 5.
  optimizer.set_step(0.1, 0.5);
  update(optimizer, "fc_bias", 3);
  update(optimizer, "bn_beta", 4);
  EXPECT_EQ(first_value("fc_bias"), bias) << "not before the norm is known";
  optimizer.finish_step();
  EXPECT_NEAR(first_value("fc_bias"), bias - 0.1F * 1.5F / 5, 1e-6);
  EXPECT_NEAR(first_value("bn_beta"), beta - 0.1F * 2 / 5, 1e-6);
  // A small one is left as it is.
  optimizer.set_step(0.1, 0.05);
  update(optimizer, "fc_bias", 3);
  update(optimizer, "bn_beta", 4);
  optimizer.finish_step();
  EXPECT_NEAR(first_value("bn_beta"), beta - 0.1F * 2 / 5 - 0.1F * 0.2F, 1e-6);
}

TEST_F(OptimizerOfTinyNetwork, MultipliesTheRateByName) {
  Optimizer optimizer(*plan_,
                      {.momentum = 0, .weight_decay = 0, .lr_factors = {{"fc_bias", 0.25}}});
  const float bias = first_value("fc_bias"), beta = first_value("bn_beta");
  optimizer.set_step(0.1, 1);
  update(optimizer, "fc_bias", 1);
  update(optimizer, "bn_beta", 1);
  EXPECT_FLOAT_EQ(first_value("fc_bias"), bias - 0.025F);
  EXPECT_FLOAT_EQ(first_value("bn_beta"), beta - 0.1F);
}

TEST_F(OptimizerOfTinyNetwork, IsKnownByName) {
  EXPECT_THAT(refusal_of([&] { const Optimizer optimizer(*plan_, {.name = "adam"}); }),
              ::testing::AllOf(HasSubstr("there is no optimizer 'adam'"), HasSubstr("adamw")));
}

TEST_F(OptimizerOfTinyNetwork, HasAnAverageBesideIt) {
  WeightAverage average(*plan_, true, {"conv_weight"});
  EXPECT_FALSE(average.values().contains("conv_weight"));
  EXPECT_TRUE(average.values().contains("bn_moving_mean"));
  const std::span<float> values =
      plan_->parameters()[static_cast<size_t>(index_of("fc_bias"))].values;
  double expected = values[0];
  for (int t = 1; t <= 20; ++t) {
    values[0] += 1;
    average.add_moving(0.5, t);
    const double decay = std::min(0.5, (1.0 + t) / (10.0 + t));
    expected = decay * expected + (1 - decay) * values[0];
    EXPECT_NEAR(average.values().at("fc_bias").data()[0], expected, 1e-5) << t;
  }
  const NamedTensors kept = average.values();
  average.restart();
  EXPECT_EQ(average.values().at("fc_bias").data()[0], values[0]);
  average.restore(kept);
  EXPECT_TRUE(same_bytes(average.values(), kept));
  EXPECT_THAT(refusal_of([&] { average.restore({}); }), HasSubstr("the average of"));
  EXPECT_FALSE(WeightAverage(*plan_, false, {}).active());
}

}  // namespace
}  // namespace orthrus
