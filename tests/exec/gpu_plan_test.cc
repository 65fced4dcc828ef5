// Plans on a GPU, where there is one: whole steps of a network against the reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "exec/device_floats.h"
#include "exec/network.h"

namespace orthrus {
namespace {

using testing::expect_close;
using testing::Gradients;
using testing::gradients_of;
using testing::Network;

class GpuPlan : public ::testing::TestWithParam<ResnetVersion> {
 protected:
  void SetUp() override {
    const CudaState state = cuda_state();
    if (state.gpus.empty()) GTEST_SKIP() << "no GPU: " << state.problem;
  }

  const Network network_{GetParam()};
  const std::unique_ptr<Backend> ref_ = make_ref_backend();
};

TEST_P(GpuPlan, GivesTheReferenceGradients) {
  const auto gpu = make_cuda_backend({.deterministic = true});
  const Gradients wanted = gradients_of(network_, *ref_), got = gradients_of(network_, *gpu);
  expect_close(got.probabilities, wanted.probabilities, "softmax");
  ASSERT_EQ(got.by_name.size(), wanted.by_name.size());
  for (const auto& [name, values] : wanted.by_name) {
    expect_close(got.by_name.at(name), values, name);
  }
}

TEST_P(GpuPlan, PointsItsGradientsInBf16WhereTheReferenceDoes) {
  const auto gpu = make_cuda_backend({.activations = DType::kBF16, .deterministic = true});
  const Gradients wanted = gradients_of(network_, *ref_), got = gradients_of(network_, *gpu);
  testing::expect_same_directions(got, wanted);
}

// Other pictures and labels each time: a recorded step must take them from where they are put.
void fill_for_step(Plan& plan, uint64_t step) {
  RandomStream random(5, StreamPurpose::kSynthetic, step, 0);
  for (float& value : plan.input("data")) value = static_cast<float>(random.normal());
  for (float& label : plan.input("softmax_label")) label = static_cast<float>(random.below(5));
}

// The first step is done as it is, the second is recorded, the third repeats the recording; the
// sink of a recorded step leaves the gradients in the device's memory.
TEST_P(GpuPlan, RepeatsItsStepsWithNewPictures) {
  const auto gpu = make_cuda_backend({.deterministic = true});
  Plan plan(network_.graph, network_.shapes, *gpu, {.training = true, .same_sink = true});
  Plan reference(network_.graph, network_.shapes, *ref_, {.training = true});
  plan.load_parameters(network_.parameters);
  reference.load_parameters(network_.parameters);
  size_t count = 0;
  for (const PlanParameter& parameter : plan.parameters()) {
    count += DeviceFloats::aligned(parameter.values.size());
  }
  DeviceFloats memory(plan.device(), count);
  std::vector<std::span<float>> gradients;
  for (const PlanParameter& parameter : plan.parameters()) {
    gradients.push_back(memory.take(parameter.values.size()));
  }
  for (uint64_t step = 0; step < 4; ++step) {
    SCOPED_TRACE(step);
    fill_for_step(plan, step);
    fill_for_step(reference, step);
    plan.forward({});
    reference.forward({});
    expect_close({plan.output(0).begin(), plan.output(0).end()},
                 {reference.output(0).begin(), reference.output(0).end()}, "softmax");
    plan.backward({}, [&](int index, std::span<const float> gradient) {
      const std::span<float> kept = gradients[static_cast<size_t>(index)];
      plan.device().copy(std::as_bytes(gradient).data(), std::as_writable_bytes(kept).data(),
                         gradient.size_bytes());
    });
    reference.backward({}, [&](int index, std::span<const float> gradient) {
      const std::string& name = reference.parameters()[static_cast<size_t>(index)].name;
      ASSERT_EQ(plan.parameters()[static_cast<size_t>(index)].name, name);
      const Tensor got =
          plan.to_canonical(index, std::as_bytes(gradients[static_cast<size_t>(index)]));
      const Tensor wanted = reference.to_canonical(index, std::as_bytes(gradient));
      expect_close({got.data().begin(), got.data().end()},
                   {wanted.data().begin(), wanted.data().end()}, name);
    });
  }
  // Running statistics have moved with each forward.
  NamedTensors got, wanted;
  plan.store_parameters(got);
  reference.store_parameters(wanted);
  for (const auto& [name, tensor] : wanted) {
    const std::span<const float> values = got.at(name).data(), others = tensor.data();
    expect_close({values.begin(), values.end()}, {others.begin(), others.end()}, name);
  }
}

TEST_P(GpuPlan, GivesTheSameBytesAgain) {
  for (const DType type : {DType::kF32, DType::kBF16}) {
    const auto gpu = make_cuda_backend({.activations = type, .deterministic = true});
    const Gradients once = gradients_of(network_, *gpu), again = gradients_of(network_, *gpu);
    EXPECT_EQ(once.by_name, again.by_name);
    EXPECT_EQ(once.probabilities, again.probabilities);
  }
}

TEST_P(GpuPlan, GivesParametersBackAsTheyCame) {
  const auto gpu = make_cuda_backend({.activations = DType::kBF16, .deterministic = true});
  Plan plan(network_.graph, network_.shapes, *gpu, {.training = true});
  plan.load_parameters(network_.parameters);
  NamedTensors back;
  plan.store_parameters(back);
  ASSERT_EQ(back.size(), network_.parameters.size());
  for (const auto& [name, tensor] : network_.parameters) {
    EXPECT_TRUE(std::ranges::equal(back.at(name).bytes(), tensor.bytes())) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, GpuPlan,
                         ::testing::Values(ResnetVersion::kV1, ResnetVersion::kV2),
                         [](const auto& version) {
                           return version.param == ResnetVersion::kV1 ? "v1" : "v2";
                         });

}  // namespace
}  // namespace orthrus
