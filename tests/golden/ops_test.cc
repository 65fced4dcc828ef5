// Single operators against MXNet 1.9.1, on every backend and on the oracle in double.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "backend/op_checks.h"
#include "base/test_folder.h"
#include "formats/mxnet/params.h"
#include "formats/mxnet/symbol.h"

namespace orthrus::testing {

namespace {

const std::string kFolder = (test_folder() / "golden/mxnet/ops").string() + "/";

// The cases of one operator and the arrays that go with them.
struct Golden {
  explicit Golden(const std::string& name)
      : arrays(mxnet::read_params(kFolder + name + ".params")) {
    std::ifstream(kFolder + name + ".json") >> cases;
  }

  [[nodiscard]] const Tensor& array(const std::string& name) const { return arrays.at(name); }
  [[nodiscard]] Values values(const std::string& name) const {
    const std::span<const float> data = array(name).data();
    return {data.begin(), data.end()};
  }

  nlohmann::json cases;
  NamedTensors arrays;
};

// The operator that MXNet's attributes describe, read as it would be from a network file.
Op read_op(const std::string& op, const std::vector<std::string>& inputs,
           const nlohmann::json& attributes) {
  nlohmann::json nodes = nlohmann::json::array();
  nlohmann::json edges = nlohmann::json::array();
  nlohmann::json arguments = nlohmann::json::array();
  for (size_t i = 0; i < inputs.size(); ++i) {
    nodes.push_back({{"op", "null"}, {"name", inputs[i]}, {"inputs", nlohmann::json::array()}});
    edges.push_back({i, 0, 0});
    arguments.push_back(i);
  }
  nodes.push_back({{"op", op}, {"name", "node"}, {"attrs", attributes}, {"inputs", edges}});
  const nlohmann::json symbol = {
      {"nodes", nodes},
      {"arg_nodes", arguments},
      {"heads", nlohmann::json::array({nlohmann::json::array({inputs.size(), 0, 0})})},
      {"attrs", {{"mxnet_version", nlohmann::json::array({"int", 10901})}}}};
  const Graph graph = mxnet::parse_symbol(symbol.dump(), op);
  return graph.node(graph.find("node").value()).op;
}

// Calls check(backend) for each backend of float32 and for the oracle: so MXNet computed. Those of
// bfloat16 have the operators' own tests.
template <typename Check>
void on_every_backend(Check check) {
  for (const TestedBackend& tested : tested_backends()) {
    if (tested.bf16) continue;
    SCOPED_TRACE(tested.name);
    check(*tested.make());
  }
  SCOPED_TRACE("oracle");
  check(*make_oracle());
}

RunResult run_first(Backend& backend, const ShapedNode& shaped, const Mode& mode,
                    const Feed& feed) {
  const auto kernel = first_kernel(backend, make_request(shaped, backend.dtype(), mode));
  if (kernel == nullptr) throw internal_error("no kernel for {}", shaped.node.name);
  return run_kernel(backend, *kernel, mode, feed,
                    {.updated_inputs = updated_inputs(shaped.node.op)});
}

TEST(GoldenOperators, Pooling) {
  constexpr double kTolerance = 1e-5;
  const Golden golden("pooling");
  ASSERT_GE(golden.cases.size(), 50u);
  for (const nlohmann::json& item : golden.cases) {
    const auto name = item.at("name").get<std::string>();
    SCOPED_TRACE(name);
    const auto data = item.at("data").get<std::string>();
    const OpCase op_case{.name = name,
                         .op = read_op("Pooling", {"data"}, item.at("attrs")),
                         .shapes = {golden.array(data).shape()}};
    const ShapedNode shaped = shaped_node(op_case);
    EXPECT_EQ(shaped.output, golden.array(name + ":output").shape());
    const Feed feed{{golden.values(data)}, golden.values(name + ":head_grad"), {}};
    on_every_backend([&](Backend& backend) {
      const RunResult result = run_first(backend, shaped, {true, {true}}, feed);
      expect_near(result.output, golden.values(name + ":output"), kTolerance, 1e-6, "output");
      // There MXNet divides the output by the clipped window but the gradient by the kernel's area.
      if (item.contains("grad_defect")) return;
      expect_near(result.gradients[0], golden.values(name + ":grad_data"), kTolerance, 1e-6,
                  "gradient of data");
    });
  }
}

TEST(GoldenOperators, BatchNorm) {
  constexpr double kTolerance = 1e-5;
  const std::vector<std::string> inputs = {"data", "gamma", "beta", "moving_mean", "moving_var"};
  const Golden golden("batch_norm");
  ASSERT_GE(golden.cases.size(), 16u);
  for (const nlohmann::json& item : golden.cases) {
    const auto name = item.at("name").get<std::string>();
    SCOPED_TRACE(name);
    const auto set = item.at("inputs").get<std::string>() + ":";
    const OpCase op_case{.name = name,
                         .op = read_op("BatchNorm", inputs, item.at("attrs")),
                         .shapes = {golden.array(set + "data").shape()}};
    const ShapedNode shaped = shaped_node(op_case);
    Feed feed{{}, golden.values(set + "head_grad"), {}};
    for (const std::string& input : inputs) feed.inputs.push_back(golden.values(set + input));
    const auto near = [&](const Values& got, const std::string& array) {
      expect_near(got, golden.values(name + ":" + array), kTolerance, 1e-6, array);
    };
    on_every_backend([&](Backend& backend) {
      const Mode training{true, {true, true, true, false, false}};
      const RunResult trained = run_first(backend, shaped, training, feed);
      near(trained.output, "output");
      near(trained.gradients[0], "grad_data");
      near(trained.gradients[1], "grad_gamma");
      near(trained.gradients[2], "grad_beta");
      near(trained.inputs_after[3], "moving_mean_after");
      near(trained.inputs_after[4], "moving_var_after");
      expect_near(trained.inputs_after[1],
                  item.at("gamma_array_after_training_forward").get<Values>(), 1e-7, 0,
                  "gamma after a forward step in training");

      const Mode inference{false, std::vector<bool>(5, false)};
      const RunResult evaluated = run_first(backend, shaped, inference, feed);
      expect_near(evaluated.inputs_after[1],
                  item.at("gamma_array_after_eval_forward").get<Values>(), 1e-7, 0,
                  "gamma after a forward step in inference");
      near(evaluated.output, "eval_output");
    });
  }
}

// Logits (N,K) of the golden net's FullyConnected layer.
Values logits_of(const Golden& golden) {
  const Values data = golden.values("data");
  const Values weight = golden.values("weight");
  const Values bias = golden.values("bias");
  const size_t features = static_cast<size_t>(golden.array("data").shape()[1]);
  Values logits;
  for (size_t n = 0; n < data.size() / features; ++n) {
    for (size_t k = 0; k < bias.size(); ++k) {
      double sum = bias[k];
      for (size_t f = 0; f < features; ++f)
        sum += data[n * features + f] * weight[k * features + f];
      logits.push_back(sum);
    }
  }
  return logits;
}

TEST(GoldenOperators, SoftmaxOutput) {
  constexpr double kTolerance = 1e-6;
  // Labels that are distributions, and one label per pixel: no part of a picture's classification.
  const std::set<std::string> unsupported = {"prob", "prob_batch", "multi_output",
                                             "multi_output_ignore_valid", "multi_output_batch"};
  const Golden golden("softmax_output");
  size_t ran = 0;
  for (const nlohmann::json& item : golden.cases) {
    const auto name = item.at("name").get<std::string>();
    if (unsupported.contains(name)) continue;
    ++ran;
    SCOPED_TRACE(name);
    const OpCase op_case{.name = name,
                         .op = read_op("SoftmaxOutput", {"data", "label"}, item.at("attrs")),
                         .shapes = {golden.array(name + ":output").shape()}};
    const ShapedNode shaped = shaped_node(op_case);
    const Values output = golden.values(name + ":output");
    // The gradient from above is not zero, but a loss does not look at it.
    const Feed feed{
        {logits_of(golden), golden.values("label:" + item.at("label").get<std::string>())},
        random_values(static_cast<int64_t>(output.size()), 1, 1),
        {}};
    on_every_backend([&](Backend& backend) {
      const RunResult result = run_first(backend, shaped, {true, {true, false}}, feed);
      expect_near(result.output, output, kTolerance, 0, "output");
      expect_near(result.gradients[0], golden.values(name + ":grad_logits"), kTolerance, 1e-6,
                  "gradient of the logits");
    });
  }
  EXPECT_EQ(ran + unsupported.size(), golden.cases.size());
}

TEST(GoldenOperators, LogisticOutput) {
  constexpr double kTolerance = 1e-6;
  const Golden golden("logistic_output");
  ASSERT_EQ(golden.cases.size(), 3u);
  for (const nlohmann::json& item : golden.cases) {
    const auto name = item.at("name").get<std::string>();
    SCOPED_TRACE(name);
    const OpCase op_case{
        .name = name,
        .op = read_op("LogisticRegressionOutput", {"data", "label"}, item.at("attrs")),
        .shapes = {golden.array("data").shape()}};
    const ShapedNode shaped = shaped_node(op_case);
    const Values output = golden.values(name + ":output");
    const Feed feed{
        {golden.values("data"), golden.values("label:" + item.at("label").get<std::string>())},
        random_values(static_cast<int64_t>(output.size()), 1, 1),
        {}};
    on_every_backend([&](Backend& backend) {
      const RunResult result = run_first(backend, shaped, {true, {true, false}}, feed);
      expect_near(result.output, output, kTolerance, 0, "output");
      expect_near(result.gradients[0], golden.values(name + ":grad_logits"), kTolerance, 0,
                  "gradient of the logits");
    });
  }
}

}  // namespace

}  // namespace orthrus::testing
