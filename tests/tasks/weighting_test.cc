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
  method.weigh(losses, {.rate = 0.1, .update = 3}, weights);
  return weights;
}

void expect_near(const Numbers& got, const Numbers& wanted, double tolerance = 1e-12) {
  for (size_t t = 0; t < kTasks; ++t) EXPECT_NEAR(got[t], wanted[t], tolerance) << "task " << t;
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

TEST(GlsWeighting, IsTheDerivativeOfTheGeometricMean) {
  const auto method = weighting("gls");
  expect_near(weigh(*method, kLosses[0]),
              {0.2681914975713274, 1.0727659634661608, 0.12873191939207546});
  const Numbers two = weigh(*method, {4, kNone, 1});
  EXPECT_NEAR(two[0], 0.25, 1e-8);
  EXPECT_EQ(two[1], 0);
  EXPECT_NEAR(two[2], 1, 1e-8);
}

TEST(RlwWeighting, IsAPointOfTheSimplexForEachStep) {
  const auto method = weighting("rlw");
  const Numbers first = weigh(*method, kLosses[0]);
  EXPECT_NEAR(first[0] + first[1] + first[2], 1, 1e-12);
  EXPECT_EQ(weigh(*method, kLosses[1]), first);  // the same step
  Numbers next{};
  method->weigh(kLosses[0], {.rate = 0.1, .update = 4}, next);
  EXPECT_NE(next, first);
  Numbers mean{};
  constexpr int kSteps = 2000;
  for (uint64_t step = 0; step < kSteps; ++step) {
    method->weigh(kLosses[0], {.rate = 0.1, .update = step}, next);
    for (size_t t = 0; t < kTasks; ++t) mean[t] += next[t] / kSteps;
  }
  for (const double value : mean) EXPECT_NEAR(value, 1.0 / 3, 0.02);
}

TEST(StchWeighting, IsTheDerivativeOfTheSmoothMaximumAfterFiveEpochs) {
  const auto method = weighting("stch");
  for (int epoch = 0; epoch < 4; ++epoch) {
    expect_near(weigh(*method, kLosses[0]), {1 / 1.2, 1 / 0.3, 1 / 2.5});
    method->end_epoch();
  }
  for (const size_t step : {1U, 3U}) {  // the mean of these is what losses are held against
    EXPECT_NEAR(weigh(*method, kLosses[step])[0], 1 / kLosses[step][0], 1e-12);
  }
  method->end_epoch();
  expect_near(weigh(*method, kLosses[0]),
              {0.8267716535433072, 2.7559055118110236, 0.47244094488188976});
  const Numbers two = weigh(*method, {1, kNone, 1.75});
  EXPECT_EQ(two[1], 0);
  expect_near(two, {1, 0, 2 / (1.75 * 2)});
}

// Gradients of three tasks, 1 and 3 and a little 1 and 2, 2 and 3 in conflict
// (reference/make_references.py gradients).
constexpr std::array<std::array<float, 4>, kTasks> kGradients = {
    {{1, 2, -1, 0.5F}, {-2, 0.5F, 1, 1}, {0.5F, -3, 0.25F, 1.5F}}};

GradientProducts products(const Numbers& scales = {1, 1, 1}) {
  const std::array<std::span<const float>, kTasks> gradients = {kGradients[0], kGradients[1],
                                                                kGradients[2]};
  return products_of(gradients, scales);
}

Numbers mix_of(std::string_view name, const GradientProducts& of, uint64_t update = 0) {
  const auto method = weighting(name);
  EXPECT_TRUE(method->looks_at_gradients());
  Numbers mix{};
  method->mix(of, {.rate = 0.1, .update = update}, mix);
  return mix;
}

TEST(GradientProducts, AreThoseOfScaledGradients) {
  const GradientProducts plain = products();
  EXPECT_DOUBLE_EQ(plain(0, 0), 6.25);
  EXPECT_DOUBLE_EQ(plain(0, 1), -1.5);
  EXPECT_DOUBLE_EQ(plain(2, 0), -5);
  EXPECT_DOUBLE_EQ(plain.norm(2), std::sqrt(11.5625));
  const GradientProducts scaled = products({2, 0.5, 0});
  EXPECT_DOUBLE_EQ(scaled(0, 0), 6.25 / 4);
  EXPECT_DOUBLE_EQ(scaled(1, 0), -1.5);
  EXPECT_FALSE(scaled.has_gradient(2));
}

TEST(GradientProducts, MixIsTheWeightedSum) {
  std::array<float, 4> mixed{};
  const std::array<std::span<const float>, kTasks> gradients = {kGradients[0], kGradients[1],
                                                                kGradients[2]};
  mix_gradients(gradients, Numbers{2, 0, -1}, mixed);
  EXPECT_THAT(mixed, testing::ElementsAre(1.5F, 7, -2.25F, -0.5F));
}

TEST(PcgradWeighting, FreesEachGradientOfItsConflictsInARandomOrder) {
  // Of each gradient, for each order of the two others.
  constexpr std::array<std::array<Numbers, 2>, kTasks> kFreed = {
      {{{{1, 0.24, 0.448}, {1, 0.2918918918918919, 0.4324324324324324}}},
       {{{0.24, 1, 0.16864864864864865}, {0.2918918918918919, 1, 0.06486486486486487}}},
       {{{0.8, 0.312, 1}, {0.8288, 0.12, 1}}}}};
  std::array<bool, 8> seen{};
  for (uint64_t update = 0; update < 64; ++update) {
    const Numbers got = mix_of("pcgrad", products(), update);
    EXPECT_EQ(mix_of("pcgrad", products(), update), got);
    size_t orders = 8;
    for (size_t choice = 0; choice < 8; ++choice) {
      double distance = 0;
      for (size_t t = 0; t < kTasks; ++t) {
        const double wanted =
            kFreed[0][choice & 1][t] + kFreed[1][choice >> 1 & 1][t] + kFreed[2][choice >> 2][t];
        distance = std::max(distance, std::abs(got[t] - wanted));
      }
      if (distance < 1e-9) orders = choice;
    }
    ASSERT_LT(orders, 8U) << "update " << update;
    seen[orders] = true;
  }
  EXPECT_THAT(seen, Each(true));
}

TEST(PcgradWeighting, LeavesGradientsWithoutConflictAlone) {
  GradientProducts of(kTasks);
  for (size_t t = 0; t < kTasks; ++t) {
    for (size_t u = 0; u <= t; ++u) of.set(t, u, t == u ? 2 : 0.5);
  }
  EXPECT_EQ(mix_of("pcgrad", of), (Numbers{1, 1, 1}));
}

TEST(DbmtlWeighting, MakesAllGradientsAsLongAsTheLongest) {
  expect_near(mix_of("dbmtl", products()),
              {1.3601470454329563, 1.3601470454329563, 0.9999999970591416});
  EXPECT_EQ(mix_of("dbmtl", products({1, 0, 1}))[1], 0);
  expect_near(weigh(*weighting("dbmtl"), kLosses[0]), weigh(*weighting("logsum"), kLosses[0]));
}

TEST(ImtlWeighting, GivesEqualProjections) {
  expect_near(mix_of("imtl", products()),
              {0.43246310371023244, 0.2684449270065108, 0.2990919692832568});
}

TEST(ImtlWeighting, LooksAtThoseThatHaveAGradient) {
  const Numbers two = mix_of("imtl", products({1, 0, 1}));
  EXPECT_EQ(two[1], 0);
  EXPECT_NEAR(two[0] + two[2], 1, 1e-12);
  // Of two gradients: shorter ones count more, as the inverse of their lengths.
  EXPECT_NEAR(two[0] / two[2], std::sqrt(11.5625 / 6.25), 1e-9);
  EXPECT_EQ(mix_of("imtl", products({0, 0, 0})), (Numbers{0, 0, 0}));
  EXPECT_EQ(mix_of("imtl", products({0, 2, 0})), (Numbers{0, 1, 0}));
}

TEST(ImtlWeighting, IsTheMeanWhereNoWeightsFollow) {
  GradientProducts same(kTasks);
  for (size_t t = 0; t < kTasks; ++t) {
    for (size_t u = 0; u <= t; ++u) same.set(t, u, 2);
  }
  expect_near(mix_of("imtl", same), {1.0 / 3, 1.0 / 3, 1.0 / 3});
}

// What a general solver finds is good to about 1e-8 (reference/make_references.py minima).
constexpr double kSolver = 1e-7;

// The minimum of the weighted sum's length leaves out the third, longest gradient.
GradientProducts edge_products() {
  constexpr std::array<std::array<float, 4>, kTasks> kEdge = {
      {{1, 0, 0, 0}, {0.5F, 1, 0, 0}, {2, 2, 1, 0}}};
  const std::array<std::span<const float>, kTasks> gradients = {kEdge[0], kEdge[1], kEdge[2]};
  return products_of(gradients, Numbers{1, 1, 1});
}

TEST(MgdaWeighting, GivesTheShortestSum) {
  expect_near(mix_of("mgda", products()),
              {0.4359965174011104, 0.2805594878362647, 0.28344399476262483}, kSolver);
  expect_near(mix_of("mgda", edge_products()), {0.6, 0.4, 0}, kSolver);
  expect_near(mix_of("mgda", products({1, 0, 1})), {0.5955056188052659, 0, 0.40449438119473413},
              kSolver);
}

TEST(CagradWeighting, LeansTheMeanTowardsTheTaskThatGainsLeast) {
  expect_near(mix_of("cagrad", products()),
              {0.4599341564158748, 0.2959631216622907, 0.2990060016854802}, kSolver);
  expect_near(mix_of("cagrad", edge_products()),
              {0.8955987421371072, 0.2666666666666666, 0.2666666666666667}, kSolver);
  expect_near(mix_of("cagrad", products({1, 0, 1})), {0.6534080650649213, 0, 0.44382434473861165},
              kSolver);
}

TEST(NashmtlWeighting, SolvesTheBargain) {
  expect_near(mix_of("nashmtl", products()),
              {3.084226910073367, 2.190972851476972, 2.1375227343572383}, 1e-9);
  expect_near(mix_of("nashmtl", edge_products()),
              {2.302805896651066, 1.91203029610065, 0.6484774326079995}, 1e-9);
  expect_near(mix_of("nashmtl", products({1, 0, 1})), {2.4080096815260643, 0, 1.7704039280014154},
              1e-9);
  // The scale of all gradients plays no part.
  expect_near(mix_of("nashmtl", products({1e-6, 1e-6, 1e-6})), mix_of("nashmtl", products()), 1e-9);
}

TEST(WeightingByGradients, AnswersGradientsThatPointTheSameWay) {
  GradientProducts same(kTasks);
  for (size_t t = 0; t < kTasks; ++t) {
    for (size_t u = 0; u <= t; ++u) same.set(t, u, 2);
  }
  GradientProducts against(2);  // the second is the first, turned around
  against.set(0, 0, 2);
  against.set(1, 1, 2);
  against.set(1, 0, -2);
  for (const std::string name : {"mgda", "cagrad", "nashmtl", "imtl"}) {
    SCOPED_TRACE(name);
    for (const double value : mix_of(name, same)) EXPECT_GT(value, 0);
    const Numbers none = mix_of(name, products({0, 0, 0}));
    EXPECT_THAT(none, Each(0));
    const Numbers one = mix_of(name, products({0, 2, 0}));
    EXPECT_GT(one[1], 0);
    const auto method = make_weighting(name, {.tasks = 2});
    std::array<double, 2> mix{};
    method->mix(against, {.rate = 0.1, .update = 0}, mix);
    EXPECT_TRUE(std::isfinite(mix[0]) && std::isfinite(mix[1]));
  }
}

// reference/make_references.py learned
TEST(GradnormWeighting, LearnsAsPyTorchsDerivativesSay) {
  constexpr std::array<Numbers, 6> kWanted = {
      {{1, 1, 1},
       {1.0689268641668594, 1.0689268641668594, 0.8621462716662813},
       {1.020222825288292, 1.2092298770273102, 0.7705472976843981},
       {0.9471813090136812, 1.1399517270835604, 0.9128669639027581},
       {1.0814951031290072, 1.09455207863615, 0.8239528182348425},
       {1.0331199530800086, 1.2365684017950085, 0.7303116451249828}}};
  auto method = weighting("gradnorm");
  for (size_t step = 0; step < kLosses.size(); ++step) {
    SCOPED_TRACE(step);
    const Numbers weights = weigh(*method, kLosses[step]);
    expect_near(weights, kWanted[step]);
    Numbers mix{};
    method->mix(products({1 / weights[0], 1 / weights[1], 1 / weights[2]}),
                {.rate = 0.1, .update = step}, mix);
    EXPECT_THAT(mix, Each(1));
    const std::vector<double> state = method->state();  // goes on from it
    method = weighting("gradnorm");
    method->restore(state);
  }
}

TEST(GradnormWeighting, KeepsTheWeightOfATaskWithoutALabel) {
  const auto method = weighting("gradnorm");
  weigh(*method, {1.2, kNone, 2.5});
  Numbers mix{};
  method->mix(products({1, 0, 1}), {.rate = 0.1, .update = 0}, mix);
  const Numbers weights = weigh(*method, kLosses[1]);
  EXPECT_EQ(weights[1], 1);
  EXPECT_GT(weights[0], 1);
  EXPECT_NEAR(weights[0] + weights[2], 2, 1e-12);
}

TEST(FamoWeighting, LearnsAsPyTorchsAdamDoes) {
  constexpr std::array<Numbers, 6> kWanted = {
      {{0.18248175508551331, 0.7299270020938783, 0.08759124282060843},
       {0.2588798123272998, 0.5987362906358857, 0.1423838970368145},
       {0.19739115610294242, 0.7380849814648891, 0.06452386243216851},
       {0.09072450345343291, 0.8537731075563763, 0.05550238899019075},
       {0.4722660538658125, 0.33510567685874953, 0.19262826927543797},
       {0.1291287923380027, 0.8213539263081888, 0.04951728135380869}}};
  const auto method = weighting("famo");
  for (size_t step = 0; step < kLosses.size(); ++step) {
    SCOPED_TRACE(step);
    expect_near(weigh(*method, kLosses[step]), kWanted[step], 1e-9);
  }
}

TEST(FamoWeighting, LeavesOutATaskWithoutALabel) {
  const auto method = weighting("famo");
  const Numbers first = weigh(*method, {1, kNone, 1});
  EXPECT_EQ(first, (Numbers{0.5, 0, 0.5}));
  EXPECT_THAT(weigh(*method, {kNone, kNone, kNone}), Each(0));
  for (const double value : weigh(*method, kLosses[0])) EXPECT_GT(value, 0);
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
