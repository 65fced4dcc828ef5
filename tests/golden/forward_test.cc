// Outputs of whole networks and of layers within them in evaluation mode, as MXNet 1.9.1 computes
// them (tests/golden/mxnet/README.md, models/).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/threads.h"
#include "golden/backends.h"
#include "golden/networks.h"
#include "graph/passes/fuse.h"
#include "infer/inference.h"

namespace orthrus {
namespace {

using testing::backend_names;
using testing::expect_close;
using testing::golden_model;
using testing::golden_network;
using testing::golden_preprocessing;
using testing::kGoldens;
using testing::make_backend_named;
using testing::Tolerance;

constexpr Tolerance kProbabilities{.absolute = 1e-5};
constexpr Tolerance kLayers{.absolute = 1e-5, .of_maximum = 2e-5};

struct ForwardCase {
  std::string name;
  std::string symbol;
  int64_t height = 32;
  int64_t width = 32;
  std::string backend;
  int threads = 1;
};

class Forward : public ::testing::TestWithParam<ForwardCase> {
 protected:
  void SetUp() override {
    set_threads(GetParam().threads);
    backend_ = make_backend_named(GetParam().backend);
    goldens_ = mxnet::read_params(kGoldens / "models" / (GetParam().name + "-forward.params"));
  }

  [[nodiscard]] const Tensor& pictures() const { return goldens_.at("data"); }
  [[nodiscard]] Preprocessing preprocessing() const {
    return golden_preprocessing(GetParam().height, GetParam().width);
  }

  std::unique_ptr<Backend> backend_;
  NamedTensors goldens_;
};

TEST_P(Forward, AnswersOfTheNewHeads) {
  const Model model = golden_model(GetParam().name, GetParam().symbol, preprocessing());
  Inference inference(model, pictures().shape()[0], *backend_);
  inference.run(pictures());
  for (size_t task = 0; task < model.tasks.size(); ++task) {
    const std::string name = model.tasks[task].name + "_output";
    expect_close(inference.probabilities(task), goldens_.at(name), kProbabilities, name);
  }
}

TEST_P(Forward, AnswersOfTheOriginalHead) {
  LoadedNetwork network = golden_network(GetParam().name, GetParam().symbol);
  const Model model =
      assemble_model(network.graph, network.parameters, preprocessing(), GetParam().name);
  Inference inference(model, pictures().shape()[0], *backend_);
  inference.run(pictures());
  expect_close(inference.probabilities(0), goldens_.at("original_softmax_output"), kProbabilities,
               "original_softmax_output");
}

TEST_P(Forward, ValuesOfLayers) {
  constexpr std::string_view kEnding = "_output";
  const Model model = golden_model(GetParam().name, GetParam().symbol, preprocessing());
  PlanOptions options;
  for (const auto& [name, tensor] : goldens_) {
    if (!name.ends_with(kEnding)) continue;
    const std::string layer = name.substr(0, name.size() - kEnding.size());
    if (model.graph.find(layer)) options.keep.push_back(layer);
  }
  ASSERT_GE(options.keep.size(), 5U);
  Plan plan(fuse_batch_norm(model.graph, options.keep), {{model.input, pictures().shape()}},
            *backend_, options);
  plan.load_parameters(model.parameters);
  std::ranges::copy(pictures().data(), plan.input(model.input).begin());
  plan.forward({});
  for (const std::string& layer : options.keep) {
    expect_close(plan.kept(layer), goldens_.at(layer + std::string(kEnding)), kLayers, layer);
  }
}

std::vector<ForwardCase> cases() {
  std::vector<ForwardCase> all;
  for (const std::string& backend : backend_names()) {
    for (const int threads : backend == "cpu" ? std::vector<int>{1, 2} : std::vector<int>{1}) {
      const auto add = [&](const char* name, const char* symbol, int64_t height, int64_t width) {
        all.push_back({name, symbol, height, width, backend, threads});
      };
      add("preact", "preact-symbol.json", 32, 32);
      add("preact", "preact-legacy-symbol.json", 32, 32);
      add("preact", "preact-attr-symbol.json", 32, 32);
      add("preact-nonsquare", "preact-nonsquare-symbol.json", 56, 40);
      add("v1", "v1-symbol.json", 32, 32);
      add("plain", "plain-symbol.json", 32, 32);
    }
  }
  return all;
}

std::string forward_name(const ::testing::TestParamInfo<ForwardCase>& info) {
  const ForwardCase& c = info.param;
  std::string name =
      fmt::format("{}_{}_{}", c.symbol.substr(0, c.symbol.find("-symbol")), c.backend, c.threads);
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Networks, Forward, ::testing::ValuesIn(cases()), forward_name);

TEST(ForwardOfOldEncodings, IsThatOfTheirArrays) {
  const NamedTensors goldens = mxnet::read_params(kGoldens / "models/preact-forward.params");
  const Tensor& pictures = goldens.at("data");
  const auto backend = make_ref_backend();
  struct Encoding {
    const char* name;
    const char* golden;
  };
  for (const Encoding& encoding : {Encoding{"preact-v0", "original_softmax_output"},
                                   Encoding{"preact-v1", "original_softmax_output"},
                                   Encoding{"preact-f16", "f16:original_softmax_output"}}) {
    LoadedNetwork network = golden_network(encoding.name, "preact-symbol.json");
    const Model model = assemble_model(network.graph, network.parameters,
                                       golden_preprocessing(32, 32), encoding.name);
    Inference inference(model, pictures.shape()[0], *backend);
    inference.run(pictures);
    expect_close(inference.probabilities(0), goldens.at(encoding.golden), kProbabilities,
                 encoding.name);
  }
}

}  // namespace
}  // namespace orthrus
