#include "tasks/weighting/weighting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/error.h"

namespace orthrus {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kTasks = 3;
using Numbers = std::array<double, kTasks>;

// Losses of six steps, and what PyTorch makes of them (reference/make_references.py weighting).
constexpr std::array<Numbers, 6> kLosses = {{{1.2, 0.3, 2.5},
                                             {1.1, 0.5, 2.0},
                                             {0.7, 0.2, 2.2},
                                             {0.9, 0.1, 1.5},
                                             {0.4, 0.6, 1.0},
                                             {0.3, 0.05, 0.8}}};

std::unique_ptr<LossWeighting> weighting(std::string_view name) {
  return make_weighting(name, {.tasks = kTasks, .momentum = 0.9});
}

Numbers weigh(LossWeighting& method, const Numbers& losses) {
  Numbers weights{};
  method.weigh(losses, 0.1, weights);
  return weights;
}

void expect_near(const Numbers& got, const Numbers& wanted) {
  for (size_t t = 0; t < kTasks; ++t) EXPECT_NEAR(got[t], wanted[t], 1e-12) << "task " << t;
}

TEST(Weighting, HasTheFixedSumFirst) {
  EXPECT_EQ(weighting_names().front(), "fixed");
  EXPECT_THAT(weigh(*weighting("fixed"), kLosses[0]), Each(1));
  EXPECT_FALSE(weighting("equal")->looks_at_losses());
}

TEST(UncertaintyWeighting, LearnsAsPyTorchsSgdDoes) {
  constexpr std::array<Numbers, 6> kWanted = {
      {{0.8243606353500641, 0.8243606353500641, 0.8243606353500641},
       {0.7850008669527326, 0.8454569744647649, 0.7052257325552649},
       {0.7243710623832188, 0.871614024517267, 0.559470975217703},
       {0.6733430041657528, 0.9255025485437719, 0.42222332281992403},
       {0.6238500102675738, 1.0174685759127988, 0.3233998001155852},
       {0.5971961191692154, 1.0958520323594325, 0.25893286191096615}}};
  const auto method = weighting("uncertainty");
  for (size_t step = 0; step < kLosses.size(); ++step) {
    SCOPED_TRACE(step);
    expect_near(weigh(*method, kLosses[step]), kWanted[step]);
  }
  const std::vector<double> state = method->state();
  ASSERT_EQ(state.size(), 6U);
  EXPECT_NEAR(state[0], -0.17042362162586477, 1e-12);
  EXPECT_NEAR(state[1], -0.89599306922408, 1e-12);
  EXPECT_NEAR(state[2], 0.8288423889562373, 1e-12);
}

TEST(UncertaintyWeighting, LearnsNothingFromATaskWithoutALabel) {
  const auto method = weighting("uncertainty");
  weigh(*method, kLosses[0]);
  const std::vector<double> before = method->state();
  weigh(*method, {kNone, 0.5, kNone});
  const std::vector<double> after = method->state();
  for (const size_t kept : {0U, 2U, 3U, 5U}) EXPECT_EQ(after[kept], before[kept]);
  EXPECT_NE(after[1], before[1]);
}

TEST(DwaWeighting, ComparesTheMeansOfTheLastTwoEpochs) {
  const auto method = weighting("dwa");
  const auto epoch = [&](size_t number) {
    const Numbers first = weigh(*method, kLosses[2 * number]);
    EXPECT_EQ(weigh(*method, kLosses[2 * number + 1]), first);
    method->end_epoch();
    return first;
  };
  expect_near(epoch(0), {1, 1, 1});
  expect_near(epoch(1), {1, 1, 1});
  expect_near(epoch(2), {1.0283846496506017, 0.8760458781525471, 1.0955694721968507});
  expect_near(weigh(*method, kLosses[0]),
              {0.6820022646095045, 1.6190847698785547, 0.6989129655119414});
}

TEST(DwaWeighting, LeavesOutStepsWithoutALabel) {
  const auto method = weighting("dwa");
  for (const double loss : {4.0, 2.0}) {
    weigh(*method, {loss, loss, kNone});
    weigh(*method, {kNone, loss, kNone});
    method->end_epoch();
  }
  const Numbers weights = weigh(*method, {1, 1, 1});
  EXPECT_DOUBLE_EQ(weights[0], weights[1]);
  // The third task never had a loss: its ratio counts as 1, that of the others is 1/2.
  EXPECT_DOUBLE_EQ(weights[2] / weights[0], std::exp(0.25));
}

TEST(LogsumWeighting, IsTheDerivativeOfTheLogarithms) {
  const auto method = weighting("logsum");
  expect_near(weigh(*method, kLosses[0]), {0.833333326388889, 3.333333222222226, 0.3999999984});
  expect_near(weigh(*method, kLosses[1]), {0.9090909008264463, 1.9999999600000007, 0.4999999975});
  EXPECT_EQ(weigh(*method, {1, kNone, 1})[1], 0);
}

TEST(Weighting, GoesOnFromItsState) {
  for (const std::string& name : weighting_names()) {
    SCOPED_TRACE(name);
    const auto through = weighting(name);
    const auto stopped = weighting(name);
    const auto run = [&](LossWeighting& method, size_t from, size_t to) {
      Numbers weights{};
      for (size_t step = from; step < to; ++step) {
        weights = weigh(method, kLosses[step]);
        if (step % 2 == 1) method.end_epoch();
      }
      return weights;
    };
    const Numbers wanted = run(*through, 0, 6);
    run(*stopped, 0, 3);
    const auto resumed = weighting(name);
    resumed->restore(stopped->state());
    EXPECT_EQ(run(*resumed, 3, 6), wanted);
  }
}

TEST(Weighting, RefusesTheStateOfAnother) {
  for (const std::string& name : weighting_names()) {
    try {
      weighting(name)->restore(std::vector<double>(17));
      ADD_FAILURE() << name << " took a state of 17 numbers";
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("holds 17 numbers of a loss weighting"));
    }
  }
}

}  // namespace
}  // namespace orthrus
