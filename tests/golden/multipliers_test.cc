// Three optimizer steps of a small net with __lr_mult__ and __wd_mult__, with and without momentum
// and with clipping, as MXNet 1.9.1 does them (tests/golden/mxnet/README.md, ops/multipliers).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/threads.h"
#include "golden/networks.h"
#include "train/optimizer.h"

namespace orthrus {
namespace {

using testing::expect_close;
using testing::kGoldens;

struct MultiplierCase {
  std::string name;
  OptimizerOptions options;
};

class Multipliers : public ::testing::TestWithParam<MultiplierCase> {};

TEST_P(Multipliers, ThreeSteps) {
  const NamedTensors goldens = mxnet::read_params(kGoldens / "ops/multipliers.params");
  const Graph graph = mxnet::read_symbol(kGoldens / "ops/multipliers-symbol.json");
  const auto backend = make_ref_backend();
  PlanOptions training;
  training.training = true;
  Plan plan(graph, {{"data", goldens.at("data").shape()}}, *backend, training);
  NamedTensors start;
  for (const char* name : {"a_weight", "a_bias", "b_weight", "b_bias"}) {
    start[name] = goldens.at(std::string("start:") + name);
  }
  plan.load_parameters(start);
  std::ranges::copy(goldens.at("data").data(), plan.input("data").begin());
  std::ranges::copy(goldens.at("label").data(), plan.input("softmax_label").begin());

  Optimizer sgd(plan, GetParam().options);
  sgd.set_step(0.5, 1.0 / 6);
  for (int step = 1; step <= 3; ++step) {
    plan.forward({});
    plan.backward({},
                  [&](int index, std::span<const float> gradient) { sgd.update(index, gradient); });
    NamedTensors now;
    plan.store_parameters(now);
    for (const auto& [name, tensor] : start) {
      const std::string key = fmt::format("{}:step{}:{}", GetParam().name, step, name);
      ASSERT_TRUE(goldens.contains(key)) << key;
      expect_close(now.at(name).data(), goldens.at(key), {.absolute = 1e-5}, key);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sgd, Multipliers,
    ::testing::Values(MultiplierCase{"sgd_mom", {.momentum = 0.9, .weight_decay = 0.01}},
                      MultiplierCase{"sgd", {.momentum = 0, .weight_decay = 0.01}},
                      MultiplierCase{
                          "sgd_mom_clip",
                          {.momentum = 0.9, .weight_decay = 0.01, .clip_gradient = 0.02}}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace orthrus
