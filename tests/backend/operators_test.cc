#include <gtest/gtest.h>

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

std::string name_of_case(const ::testing::TestParamInfo<OpCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Convolution, Operator, ::testing::ValuesIn(convolution_cases()),
                         name_of_case);
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
