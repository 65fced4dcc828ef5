#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "backend/cases/convolution_cases.h"
#include "backend/cases/elementwise_cases.h"
#include "backend/cases/logistic_output_cases.h"
#include "backend/cases/normalisation_cases.h"
#include "backend/cases/pooling_cases.h"
#include "backend/cases/softmax_output_cases.h"
#include "backend/op_checks.h"

namespace orthrus::testing {

namespace {

class Operator : public ::testing::TestWithParam<OpCase> {};

TEST_P(Operator, GradientsAreDerivativesInTraining) {
  check_derivatives(GetParam(), true);
}

TEST_P(Operator, GradientsAreDerivativesInInference) {
  check_derivatives(GetParam(), false);
}

TEST_P(Operator, EveryBackendAgreesWithTheReference) {
  check_backends(GetParam());
}

class ForwardOperator : public ::testing::TestWithParam<OpCase> {};

TEST_P(ForwardOperator, EveryBackendAgreesWithTheReference) {
  check_backends(GetParam());
}

TEST(FusedConvolution, HasNoGradients) {
  const ShapedNode shaped = shaped_node(fused_convolution_cases().front());
  for (const TestedBackend& tested : tested_backends()) {
    const auto backend = tested.make();
    const Mode mode{true, all_gradients(shaped.node.op)};
    EXPECT_EQ(first_kernel(*backend, make_request(shaped, backend->dtype(), mode)), nullptr);
  }
}

// GPUs by the files of NVIDIA's driver, without asking any library: the machine's own word.
int gpus_of_driver() {
  int count = 0;
  for (int number = 0; number < 16; ++number) {
    if (std::filesystem::exists("/dev/nvidia" + std::to_string(number))) ++count;
  }
  return count;
}

// check_backends() compares on whatever tested_backends() lists, and on no GPU without a word.
TEST(Cuda, RunsEveryCaseWhereThereIsAGpu) {
  const CudaState state = cuda_state();
  if (state.gpus.empty()) {
    if (state.built) {
      EXPECT_EQ(gpus_of_driver(), 0) << "a GPU that is not used: " << state.problem;
    }
    GTEST_SKIP() << "no GPU: " << state.problem;
  }
  for (const auto& [name, type] :
       {std::pair("cuda", DType::kF32), std::pair("cuda_bf16", DType::kBF16)}) {
    const auto& all = tested_backends();
    const auto tested = std::ranges::find(all, name, &TestedBackend::name);
    ASSERT_NE(tested, all.end()) << name;
    const auto backend = tested->make();
    EXPECT_FALSE(backend->device().is_host()) << name;
    EXPECT_EQ(backend->dtype(), type) << name;
    EXPECT_EQ(tested->bf16, type == DType::kBF16) << name;
  }
}

// Every kernel that handles activations says that it is a bf16 one, in the layout asked for.
TEST(Bf16, ChoosesBf16KernelsInTheLayoutAskedFor) {
  if (bf16_instructions().empty()) {
    GTEST_SKIP() << "no bf16 arithmetic: its kernels are not compared with the reference";
  }
  const OpCase convolution{
      .name = "conv",
      .op = Convolution{.num_filter = 32, .kernel = {3, 3}, .pad = {1, 1}, .has_bias = false},
      .shapes = {{2, 32, 7, 7}}};
  for (const TestedBackend& tested : tested_backends()) {
    if (!tested.bf16 || !tested.name.starts_with("cpu")) continue;
    const auto backend = tested.make();
    const ShapedNode shaped = shaped_node(convolution);
    const Mode mode{true, all_gradients(convolution.op)};
    const auto kernel = first_kernel(*backend, make_request(shaped, backend->dtype(), mode));
    const bool last = tested.name == "cpu_bf16_last";
    const char* in_name = last && bf16_instructions() == "AMX" ? "amx" : "bf16";
    EXPECT_THAT(kernel->implementation(), ::testing::HasSubstr(in_name));
    for (const KernelStep& step : kernel->steps()) {
      if (step.phase != Phase::kBackward) continue;
      EXPECT_THAT(step.implementation, ::testing::HasSubstr(in_name)) << step.name;
    }
    EXPECT_EQ(backend->layout_name(kernel->output()), last ? "nhwc:bf16" : "nChw16c:bf16");
    const OpCase norm{.name = "bn", .op = BatchNorm{}, .shapes = {{2, 32, 7, 7}}};
    const ShapedNode shaped_norm = shaped_node(norm);
    KernelRequest request =
        make_request(shaped_norm, backend->dtype(), {true, all_gradients(norm.op)});
    ASSERT_TRUE(take_producers_layouts(*backend, request));
    EXPECT_THAT(first_kernel(*backend, request)->implementation(), ::testing::HasSubstr(":bf16"));
  }
}

std::string name_of_case(const ::testing::TestParamInfo<OpCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Convolution, Operator, ::testing::ValuesIn(convolution_cases()),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(FusedConvolution, ForwardOperator,
                         ::testing::ValuesIn(fused_convolution_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(FullyConnected, Operator, ::testing::ValuesIn(fully_connected_cases()),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(BatchNorm, Operator, ::testing::ValuesIn(batch_norm_cases()),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Dropout, Operator, ::testing::ValuesIn(dropout_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Activation, Operator, ::testing::ValuesIn(activation_cases()),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(LeakyRelu, Operator, ::testing::ValuesIn(leaky_relu_cases()),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Joining, Operator, ::testing::ValuesIn(joining_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Pooling, Operator, ::testing::ValuesIn(pooling_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(SoftmaxOutput, Operator, ::testing::ValuesIn(softmax_output_cases()),
                         name_of_case);

INSTANTIATE_TEST_SUITE_P(LogisticOutput, Operator, ::testing::ValuesIn(logistic_output_cases()),
                         name_of_case);

}  // namespace

}  // namespace orthrus::testing
