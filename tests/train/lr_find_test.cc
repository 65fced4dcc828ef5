#include "train/lr_find.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::HasSubstr;
using testing::kPictures;
using testing::RecordingObserver;
using testing::refusal_of;

// A loss that stays, falls around 1e-3 and rises from 1e-1 on.
std::vector<LrFindPoint> some_curve() {
  std::vector<LrFindPoint> curve;
  for (double power = -6; power <= 0; power += 0.1) {
    const double loss = 2 - std::tanh(2 * (power + 3)) + (power > -1 ? 5 * (power + 1) : 0);
    curve.push_back({.rate = std::pow(10, power), .loss = loss, .smoothed = loss});
  }
  return curve;
}

TEST(LrFind, SuggestsWhereTheLossFallsMostSteeply) {
  EXPECT_NEAR(std::log10(steepest_rate(some_curve())), -3, 0.11);
  std::vector<LrFindPoint> rising;
  for (int i = 0; i < 20; ++i) rising.push_back({std::pow(2.0, i), 1.0 * i, 1.0 * i});
  EXPECT_EQ(steepest_rate(rising), 0);
  EXPECT_EQ(steepest_rate({}), 0);
}

TEST(LrFind, DrawsTheCurve) {
  const std::string svg = lr_find_svg({.curve = some_curve(), .suggestion = 1e-3});
  EXPECT_THAT(svg, ::testing::StartsWith("<svg "));
  EXPECT_THAT(svg, HasSubstr("1e-04</text>"));
  EXPECT_THAT(svg, HasSubstr("fill=\"#c33\">0.001</text>"));
  EXPECT_THAT(svg, ::testing::EndsWith("</svg>\n"));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_THAT(lr_find_svg({}), ::testing::EndsWith("</svg>\n"));
}

TrainRequest tiny_request() {
  TrainRequest request;
  request.model = "resnet14_small";
  request.tasks = classic_tasks(4);
  request.preprocessing.height = request.preprocessing.width = request.preprocessing.resize = 8;
  request.train = {{.files = {kPictures / "train.lst", kPictures}}};
  request.loader.batch_size = 8;
  return request;
}

TEST(LrFind, EndsWhenTheLossExplodes) {
  const auto backend = make_cpu_backend();
  RecordingObserver observer;
  const LrFindResult result = find_learning_rate(
      tiny_request(), {.first = 1e-4, .last = 1e6, .steps = 60}, *backend, observer);
  ASSERT_GT(result.curve.size(), 3U);
  EXPECT_LT(result.curve.size(), 60U);
  EXPECT_DOUBLE_EQ(result.curve[0].rate, 1e-4);
  EXPECT_NEAR(result.curve[1].rate, 1e-4 * std::pow(1e10, 1.0 / 59), 1e-10);
  EXPECT_NEAR(result.curve[0].loss, std::log(4) + std::log(2), 1.5);
}

TEST(LrFind, NeedsRatesThatGrow) {
  const auto backend = make_ref_backend();
  RecordingObserver observer;
  EXPECT_THAT(refusal_of([&] {
                (void)find_learning_rate(tiny_request(), {.first = 1, .last = 1}, *backend,
                                         observer);
              }),
              HasSubstr("the last rate, 1, is not over the first, 1"));
}

}  // namespace
}  // namespace orthrus
