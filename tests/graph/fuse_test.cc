#include "graph/passes/fuse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "graph/builders/resnet.h"

namespace orthrus {

namespace {

// Builds small graphs; every function returns the number of the node that it appends.
class Network {
 public:
  int input(const std::string& name) { return graph.add_variable(name, VariableRole::kInput); }
  int batch_norm(const std::string& name, int src) {
    std::vector<Edge> inputs = {{src, 0}};
    for (const char* ending : {"_gamma", "_beta"}) {
      inputs.push_back({graph.add_variable(name + ending, VariableRole::kParameter), 0});
    }
    for (const char* ending : {"_moving_mean", "_moving_var"}) {
      inputs.push_back({graph.add_variable(name + ending, VariableRole::kAuxiliary), 0});
    }
    return graph.add({name, BatchNorm{.eps = 0.25, .momentum = 0.5, .fix_gamma = false}, inputs});
  }
  int activation(const std::string& name, int src, ActivationKind kind = ActivationKind::kRelu) {
    return graph.add({name, Activation{kind}, {{src, 0}}});
  }
  int convolution(const std::string& name, int src) {
    const int weight = graph.add_variable(name + "_weight", VariableRole::kParameter);
    return graph.add({name,
                      Convolution{.num_filter = 4, .kernel = {1, 1}, .has_bias = false},
                      {{src, 0}, {weight, 0}}});
  }
  int add(const std::string& name, int a, int b) {
    return graph.add({name, Add{2}, {{a, 0}, {b, 0}}});
  }

  Graph graph;
};

std::vector<std::string> operator_names(const Graph& graph) {
  std::vector<std::string> names;
  for (int id = 0; id < graph.size(); ++id) {
    if (!graph.role(id)) names.push_back(graph.node(id).name);
  }
  return names;
}

std::vector<std::string> names_of_inputs(const Graph& graph, const std::string& layer) {
  std::vector<std::string> names;
  for (const Edge& edge : graph.node(graph.find(layer).value()).inputs) {
    names.push_back(graph.node(edge.node).name);
  }
  return names;
}

const BatchNorm& batch_norm_of(const Graph& graph, const std::string& layer) {
  return std::get<BatchNorm>(graph.node(graph.find(layer).value()).op);
}

using Names = std::vector<std::string>;

TEST(Fuse, BatchNormTakesTheReluAndItsName) {
  Network net;
  net.graph.set_outputs({{net.activation("relu", net.batch_norm("bn", net.input("data"))), 0}});
  const Graph fused = fuse_batch_norm(net.graph);
  EXPECT_EQ(operator_names(fused), Names{"relu"});
  const BatchNorm& op = batch_norm_of(fused, "relu");
  EXPECT_TRUE(op.fused_relu);
  EXPECT_FALSE(op.fused_add);
  EXPECT_EQ(op.eps, 0.25);
  EXPECT_EQ(op.momentum, 0.5);
  EXPECT_FALSE(op.fix_gamma);
  EXPECT_EQ(names_of_inputs(fused, "relu"),
            (Names{"data", "bn_gamma", "bn_beta", "bn_moving_mean", "bn_moving_var"}));
  ASSERT_EQ(fused.outputs().size(), 1u);
  EXPECT_EQ(fused.node(fused.outputs()[0].node).name, "relu");
}

TEST(Fuse, BatchNormTakesAnAdditionWithTheOtherOperandAsResidual) {
  for (const bool batch_norm_first : {true, false}) {
    Network net;
    const int data = net.input("data");
    const int bn = net.batch_norm("bn", data);
    // The residual comes after the BatchNorm: the fused node has to stand behind both.
    const int residual = net.activation("residual", data, ActivationKind::kTanh);
    const int sum = batch_norm_first ? net.add("sum", bn, residual) : net.add("sum", residual, bn);
    net.graph.set_outputs({{net.activation("relu", sum), 0}});
    const Graph fused = fuse_batch_norm(net.graph);
    EXPECT_EQ(operator_names(fused), (Names{"residual", "relu"}));
    EXPECT_TRUE(batch_norm_of(fused, "relu").fused_add);
    EXPECT_TRUE(batch_norm_of(fused, "relu").fused_relu);
    EXPECT_EQ(
        names_of_inputs(fused, "relu"),
        (Names{"data", "bn_gamma", "bn_beta", "bn_moving_mean", "bn_moving_var", "residual"}));
  }
}

TEST(Fuse, OfTwoBatchNormsThatAreAddedOneBecomesTheOthersResidual) {
  Network net;
  const int data = net.input("data");
  const int body = net.batch_norm("body", data);
  const int shortcut = net.batch_norm("shortcut", data);
  net.graph.set_outputs({{net.activation("relu", net.add("sum", body, shortcut)), 0}});
  const Graph fused = fuse_batch_norm(net.graph);
  EXPECT_EQ(operator_names(fused), (Names{"shortcut", "relu"}));
  EXPECT_EQ(names_of_inputs(fused, "relu")[1], "body_gamma");
  EXPECT_EQ(names_of_inputs(fused, "relu")[5], "shortcut");
  EXPECT_FALSE(batch_norm_of(fused, "shortcut").fused_relu);
}

TEST(Fuse, ValuesThatOthersReadStay) {
  Network net;
  const int bn = net.batch_norm("bn", net.input("data"));
  const int relu = net.activation("relu", bn);
  net.graph.set_outputs({{net.add("sum", relu, bn), 0}});
  EXPECT_EQ(operator_names(fuse_batch_norm(net.graph)), (Names{"bn", "relu", "sum"}));
}

TEST(Fuse, AnAdditionThatOthersReadStays) {
  Network net;
  const int data = net.input("data");
  const int sum = net.add("sum", net.batch_norm("bn", data), data);
  net.graph.set_outputs({{net.activation("relu", sum), 0}, {sum, 0}});
  EXPECT_EQ(operator_names(fuse_batch_norm(net.graph)), (Names{"bn", "sum", "relu"}));
}

TEST(Fuse, OutputsOfTheGraphStay) {
  Network net;
  const int bn = net.batch_norm("bn", net.input("data"));
  net.graph.set_outputs({{net.activation("relu", bn), 0}, {bn, 0}});
  EXPECT_EQ(operator_names(fuse_batch_norm(net.graph)), (Names{"bn", "relu"}));
}

TEST(Fuse, LayersToKeepStay) {
  Network net;
  const int data = net.input("data");
  const int first = net.activation("relu_a", net.batch_norm("bn_a", data));
  const int second = net.activation("relu_b", net.batch_norm("bn_b", first));
  const int third = net.activation("relu_c", net.add("sum", net.batch_norm("bn_c", second), first));
  net.graph.set_outputs({{third, 0}});
  EXPECT_EQ(operator_names(fuse_batch_norm(net.graph)), (Names{"relu_a", "relu_b", "relu_c"}));
  EXPECT_EQ(operator_names(fuse_batch_norm(net.graph, {"bn_a", "relu_b", "sum"})),
            (Names{"bn_a", "relu_a", "relu_b", "bn_c", "sum", "relu_c"}));
}

TEST(Fuse, OtherActivationsAndLargerSumsStay) {
  Network net;
  const int data = net.input("data");
  const int tanh = net.activation("tanh", net.batch_norm("bn_a", data), ActivationKind::kTanh);
  const int bn = net.batch_norm("bn_b", tanh);
  const int sum = net.graph.add({"sum", Add{3}, {{bn, 0}, {data, 0}, {tanh, 0}}});
  net.graph.set_outputs({{net.activation("relu", sum), 0}});
  EXPECT_EQ(operator_names(fuse_batch_norm(net.graph)),
            (Names{"bn_a", "tanh", "bn_b", "sum", "relu"}));
}

TEST(Fuse, IsDoneAfterOnePass) {
  for (const BuiltinNetwork& network : builtin_networks()) {
    const Graph once = fuse_batch_norm(build_network(network.name, 10));
    EXPECT_EQ(operator_names(fuse_batch_norm(once)), operator_names(once)) << network.name;
  }
}

TEST(Fuse, ResidualNetworksLoseEveryRelu) {
  for (const BuiltinNetwork& network : builtin_networks()) {
    const Graph graph = build_network(network.name, 10);
    const Graph fused = fuse_batch_norm(graph);
    int additions = 0;
    for (const Node& node : fused.nodes()) {
      EXPECT_FALSE(std::holds_alternative<Activation>(node.op)) << network.name << " " << node.name;
      additions += std::holds_alternative<Add>(node.op) ? 1 : 0;
    }
    int units = 0;
    for (const int count : network.spec.units) units += count;
    EXPECT_EQ(additions, network.spec.version == ResnetVersion::kV2 ? units : 0) << network.name;
    EXPECT_EQ(fused.variables(VariableRole::kParameter).size(),
              graph.variables(VariableRole::kParameter).size());
  }
}

const Convolution& convolution_of(const Graph& graph, const std::string& layer) {
  return std::get<Convolution>(graph.node(graph.find(layer).value()).op);
}

TEST(FuseConvolution, TakesAdditionAndRelu) {
  Network net;
  const int data = net.input("data");
  const int shortcut = net.convolution("shortcut", data);
  const int sum = net.add("sum", net.convolution("body", data), shortcut);
  net.graph.set_outputs({{net.activation("relu", sum), 0}});
  const Graph fused = fuse_convolution(net.graph);
  EXPECT_EQ(operator_names(fused), (Names{"shortcut", "relu"}));
  EXPECT_TRUE(convolution_of(fused, "relu").fused_add);
  EXPECT_TRUE(convolution_of(fused, "relu").fused_relu);
  EXPECT_EQ(names_of_inputs(fused, "relu"), (Names{"data", "body_weight", "shortcut"}));
}

TEST(FuseConvolution, TakesAnAdditionThatOthersReadAndItsName) {
  Network net;
  const int data = net.input("data");
  const int sum = net.add("sum", data, net.convolution("body", data));
  net.graph.set_outputs({{net.activation("relu", sum), 0}, {sum, 0}});
  const Graph fused = fuse_convolution(net.graph);
  EXPECT_EQ(operator_names(fused), (Names{"sum", "relu"}));
  EXPECT_TRUE(convolution_of(fused, "sum").fused_add);
  EXPECT_FALSE(convolution_of(fused, "sum").fused_relu);
}

TEST(FuseConvolution, ConvolutionsThatOthersReadStay) {
  Network net;
  const int convolution = net.convolution("conv", net.input("data"));
  net.graph.set_outputs({{net.activation("relu", convolution), 0}, {convolution, 0}});
  EXPECT_EQ(operator_names(fuse_convolution(net.graph)), (Names{"conv", "relu"}));
}

}  // namespace

}  // namespace orthrus
