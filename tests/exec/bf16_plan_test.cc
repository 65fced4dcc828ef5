// Plans in bf16: the whole way through a network, against float32.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "exec/network.h"

namespace orthrus {
namespace {

using ::testing::AnyOf;
using testing::fill;
using testing::Gradients;
using testing::gradients_of;
using ::testing::HasSubstr;
using testing::Network;

class Bf16Plan : public ::testing::TestWithParam<ActivationLayout> {
 protected:
  void SetUp() override {
    if (bf16_instructions().empty()) GTEST_SKIP() << "no bf16 arithmetic";
    bf16_ = make_cpu_backend({.activations = DType::kBF16, .layout = GetParam()});
  }

  std::unique_ptr<Backend> f32_ = make_cpu_backend();
  std::unique_ptr<Backend> bf16_;
};

// Mean cross entropy of each of `steps` steps of plain gradient descent.
std::vector<double> losses_of(const Network& network, Backend& backend, int steps) {
  Plan plan(network.graph, network.shapes, backend, {.training = true});
  plan.load_parameters(network.parameters);
  fill(plan);
  const std::vector<float> labels(plan.input("softmax_label").begin(),
                                  plan.input("softmax_label").end());
  const auto classes = static_cast<size_t>(plan.output_shape(0)[1]);
  std::vector<double> losses;
  for (int step = 0; step < steps; ++step) {
    plan.forward({});
    double loss = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      loss -= std::log(
          static_cast<double>(plan.output(0)[i * classes + static_cast<size_t>(labels[i])]));
    }
    losses.push_back(loss / static_cast<double>(labels.size()));
    plan.backward({}, [&](int index, std::span<const float> gradient) {
      const std::span<float> values = plan.parameters()[static_cast<size_t>(index)].values;
      for (size_t i = 0; i < values.size(); ++i) values[i] -= 0.02F * gradient[i];
    });
  }
  return losses;
}

TEST_P(Bf16Plan, LearnsAsFloat32Does) {
  for (const ResnetVersion version : {ResnetVersion::kV1, ResnetVersion::kV2}) {
    const Network network(version);
    const std::vector<double> wanted = losses_of(network, *f32_, 12);
    const std::vector<double> got = losses_of(network, *bf16_, 12);
    EXPECT_LT(wanted.back(), 0.7 * wanted.front());
    for (size_t step = 0; step < wanted.size(); ++step) {
      EXPECT_NEAR(got[step], wanted[step], 0.03 * wanted.front()) << "step " << step;
    }
  }
}

TEST_P(Bf16Plan, PointsItsGradientsWhereFloat32Does) {
  const Network network;
  const Gradients wanted = gradients_of(network, *f32_), got = gradients_of(network, *bf16_);
  testing::expect_same_directions(got, wanted);
}

TEST_P(Bf16Plan, GivesTheSameBytesAgain) {
  const Network network;
  const Gradients once = gradients_of(network, *bf16_), again = gradients_of(network, *bf16_);
  EXPECT_EQ(once.by_name, again.by_name);
  EXPECT_EQ(gradients_of(network, *bf16_, {.memory = MemoryMode::kFast}).by_name, once.by_name);
}

// What is trained is never rounded.
TEST_P(Bf16Plan, KeepsParametersInFloat32) {
  const Network network;
  const auto few = [](std::string_view name) { return name.starts_with("fc"); };
  Plan plan(network.graph, network.shapes, *bf16_, {.training = true, .trainable = few});
  plan.load_parameters(network.parameters);
  NamedTensors back;
  plan.store_parameters(back);
  for (const auto& [name, tensor] : network.parameters) {
    EXPECT_TRUE(std::ranges::equal(back.at(name).bytes(), tensor.bytes())) << name;
  }
}

TEST_P(Bf16Plan, KeepsWeightsInBf16ForInference) {
  const Network network;
  const auto bytes = [&](Backend& backend) {
    return Plan(network.graph, network.shapes, backend, {}).memory().persistent_bytes;
  };
  EXPECT_LT(static_cast<double>(bytes(*bf16_)), 0.6 * static_cast<double>(bytes(*f32_)));
}

TEST_P(Bf16Plan, RunsEveryConvolutionAndBatchNormInBf16) {
  const Network network(ResnetVersion::kV2);
  const Plan plan(network.graph, network.shapes, *bf16_, {.training = true});
  EXPECT_TRUE(plan.reference_layers().empty());
  for (const StepInfo& step : plan.listing()) {
    const bool of_pictures = step.layer == "bn_data";  // BatchNorm of the float32 input
    if (of_pictures || step.step == "reorder" || step.step == "update") continue;
    if (step.op != "Convolution" && step.op != "BatchNorm") continue;
    // The gradient of three channels is a matrix product, whose name does not say its type.
    EXPECT_THAT(step.implementation, AnyOf(HasSubstr("bf16"), HasSubstr("amx"), HasSubstr("gemm")))
        << step.layer;
    EXPECT_THAT(step.layouts, HasSubstr(":bf16")) << step.layer;
  }
}

std::string layout_name(const ::testing::TestParamInfo<ActivationLayout>& layout) {
  const std::vector<std::string> names = {"fastest", "blocks", "last"};
  return names[static_cast<size_t>(layout.param)];
}

INSTANTIATE_TEST_SUITE_P(Layouts, Bf16Plan,
                         ::testing::Values(ActivationLayout::kFastest,
                                           ActivationLayout::kChannelBlocks,
                                           ActivationLayout::kChannelsLast),
                         layout_name);

}  // namespace
}  // namespace orthrus
