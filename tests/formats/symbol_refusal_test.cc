// What the reader of symbol files makes of old spellings, and of broken, hostile and unsupported
// files.
#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "base/file.h"
#include "formats/mxnet/symbol.h"
#include "formats/testing.h"

namespace orthrus::mxnet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::string& json) {
  return testing::refusal_of([&] { (void)parse_symbol(json, "m.json"); });
}

std::string variable(const std::string& name) {
  return R"({"op": "null", "name": ")" + name + R"(", "inputs": []})";
}

// Attributes as "kernel=(3, 3); num_filter=2", inputs as "[0,0],[1,0]".
std::string node(const std::string& op, const std::string& name, const std::string& attributes,
                 const std::string& inputs) {
  std::string json;
  std::istringstream items(attributes);
  for (std::string item; std::getline(items >> std::ws, item, ';');) {
    const size_t equals = item.find('=');
    json += fmt::format(R"({}"{}": "{}")", json.empty() ? "" : ",", item.substr(0, equals),
                        item.substr(equals + 1));
  }
  return fmt::format(R"({{"op": "{}", "name": "{}", "attrs": {{{}}}, "inputs": [{}]}})", op, name,
                     json, inputs);
}

// A file of these nodes, the last of which is the output, without a version (taken as 0.8).
std::string file_of(const std::vector<std::string>& nodes, const std::string& rest = "") {
  return fmt::format(R"({{"nodes": [{}], "arg_nodes": [0], "heads": [[{}, 0]]{}}})",
                     fmt::join(nodes, ","), nodes.size() - 1, rest);
}

// A file of one layer over `data`; parameters are completed as for old files.
std::string layer(const std::string& op, const std::string& attributes) {
  return file_of({variable("data"), node(op, "x", attributes, "[0,0]")});
}

Graph parse(const std::string& json) {
  return parse_symbol(json, "m.json");
}

const Node& last(const Graph& graph) {
  return graph.nodes().back();
}

TEST(SymbolOld, MissingInputsAreAppendedByName) {
  const Graph graph = parse(file_of({variable("data"), node("BatchNorm", "bn", "", "[0,0]"),
                                     node("SoftmaxOutput", "softmax", "", "[1,0]")}));
  EXPECT_EQ(testing::listing(graph),
            "data Variable role 0 lr 1 wd -1\n"
            "bn_gamma Variable role 3 lr 1 wd -1\n"
            "bn_beta Variable role 3 lr 1 wd -1\n"
            "bn_moving_mean Variable role 4 lr 1 wd -1\n"
            "bn_moving_var Variable role 4 lr 1 wd -1\n"
            "bn BatchNorm 0 1 2 3 4\n"
            "softmax_label Variable role 1 lr 1 wd -1\n"
            "softmax SoftmaxOutput 5 6\n"
            "output 7\n");
}

TEST(SymbolOld, NewFilesMustListAllInputs) {
  const std::string version = R"(, "attrs": {"mxnet_version": ["int", 10901]})";
  EXPECT_THAT(refusal(file_of({variable("data"), node("BatchNorm", "bn", "", "[0,0]")}, version)),
              StartsWith("m.json: layer 'bn' (BatchNorm): 1 inputs, expected 5"));
  EXPECT_THAT(refusal(file_of({variable("data"), node("Flatten", "f", "", "[0,0],[0,0]")})),
              StartsWith("m.json: layer 'f' (Flatten): 2 inputs, expected 1"));
}

TEST(SymbolOld, NewerAttributesWin) {
  const std::string both =
      R"({"op": "Dropout", "name": "x", "param": {"p": "0.1"}, "attr": {"p": "0.2"},
          "attrs": {"p": "0.3"}, "inputs": [[0, 0, 0]], "backward_source_id": -1})";
  EXPECT_EQ(std::get<Dropout>(last(parse(file_of({variable("data"), both}))).op).p, 0.3);
  const std::string old =
      R"({"op": "Dropout", "name": "x", "param": {"p": "0.1"}, "attr": {"lr_mult": "2"},
          "inputs": [[0, 0]], "backward_source_id": -1})";
  EXPECT_EQ(std::get<Dropout>(last(parse(file_of({variable("data"), old}))).op).p, 0.1);
}

TEST(SymbolOld, EverySpellingOfAddition) {
  for (const char* op : {"_Plus", "_plus", "_add", "elemwise_add", "broadcast_add",
                         "broadcast_plus", "add_n", "ElementWiseSum"}) {
    const Graph graph = parse(file_of({variable("data"), node(op, "x", "", "[0,0],[0,0]")}));
    EXPECT_EQ(std::get<Add>(last(graph).op).num_inputs, 2) << op;
  }
  const Graph three =
      parse(file_of({variable("data"), node("add_n", "x", "num_args=3", "[0,0],[0,0],[0,0]")}));
  EXPECT_EQ(std::get<Add>(last(three).op).num_inputs, 3);
}

TEST(SymbolOld, OtherSpellings) {
  EXPECT_TRUE(std::holds_alternative<Flatten>(last(parse(layer("flatten", ""))).op));
  EXPECT_TRUE(std::holds_alternative<SoftmaxOutput>(last(parse(layer("Softmax", ""))).op));
  EXPECT_TRUE(std::holds_alternative<BatchNorm>(last(parse(layer("BatchNorm_v1", ""))).op));
  const Graph conv =
      parse(layer("Convolution_v1",
                  "kernel=[3L, 1]; num_filter=2L; stride=(); workspace=512; cudnn_tune=off; "
                  "cudnn_off=True; layout=None; ctx_group=a; __mood__=calm"));
  EXPECT_EQ(std::get<Convolution>(last(conv).op).kernel, (Pair{3, 1}));
  EXPECT_EQ(std::get<Convolution>(last(conv).op).stride, (Pair{1, 1}));
}

TEST(SymbolOld, LayersThatDoNothingAreLeftOut) {
  const Graph graph =
      parse(file_of({variable("data"), node("identity", "id", "", "[0,0]"),
                     node("Flatten", "f", "", "[1,0]"), node("_copy", "end", "", "[2,0]")}));
  EXPECT_EQ(testing::listing(graph),
            "data Variable role 0 lr 1 wd -1\n"
            "f Flatten 0\n"
            "output 1\n");
}

TEST(SymbolOld, NodesThatNoOutputNeedsAreLeftOut) {
  const Graph graph =
      parse(file_of({variable("data"), variable("unused"), node("Flatten", "f", "", "[0,0]")}));
  EXPECT_FALSE(graph.find("unused").has_value());
}

TEST(SymbolOld, MultipliersOfEveryGeneration) {
  const std::string weight =
      R"({"op": "null", "name": "w", "attr": {"wd_mult": "0.5"}, "inputs": []})";
  const std::string bias =
      R"({"op": "null", "name": "b", "attrs": {"__lr_mult__": "2.0", "__wd_mult__": "0"},
          "inputs": []})";
  const Graph graph =
      parse(file_of({variable("data"), weight, bias,
                     node("FullyConnected", "fc", "num_hidden=2; weight_lr_mult=0.1; lr_mult=9",
                          "[0,0],[1,0],[2,0]")}));
  const auto& w = std::get<Variable>(graph.node(graph.find("w").value()).op);
  EXPECT_EQ(w.lr_mult, 0.1);
  EXPECT_EQ(w.wd_mult, 0.5);
  const auto& b = std::get<Variable>(graph.node(graph.find("b").value()).op);
  EXPECT_EQ(b.lr_mult, 2);
  EXPECT_EQ(b.wd_mult, 0);
}

TEST(SymbolRefusal, NotJson) {
  EXPECT_THAT(refusal(""), StartsWith("m.json: the file is empty"));
  EXPECT_THAT(refusal("{\n  \"nodes\": [,"),
              StartsWith("m.json: not JSON at line 2, column 13 (the file starts with '{"));
  EXPECT_THAT(refusal("\n<html>"), HasSubstr("this looks like a web page"));
  EXPECT_THAT(refusal("[1e999]"), HasSubstr("out of range"));
  EXPECT_THAT(refusal("{\"nodes\": \"\xff\"}"), HasSubstr("not JSON"));
}

TEST(SymbolRefusal, DepthAndSize) {
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested deeper than 16"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(refusal(objects), HasSubstr("nested deeper than 16"));
  EXPECT_THAT(refusal(std::string((64 << 20) + 1, ' ')), HasSubstr("expected at most 67108864"));
}

TEST(SymbolRefusal, MissingAndWrongKeys) {
  EXPECT_THAT(refusal("[]"), HasSubstr("expected a JSON object, got array"));
  EXPECT_THAT(refusal("{}"), HasSubstr("the key 'nodes' is missing"));
  EXPECT_THAT(refusal(R"({"nodes": 3})"), HasSubstr("'nodes' is no list but number"));
  EXPECT_THAT(refusal(R"({"nodes": []})"), HasSubstr("the key 'arg_nodes' is missing"));
  EXPECT_THAT(refusal(R"({"nodes": [], "arg_nodes": []})"),
              HasSubstr("the key 'heads' is missing"));
  EXPECT_THAT(refusal(R"({"nodes": [], "arg_nodes": [], "heads": []})"),
              HasSubstr("the network has no outputs"));
  EXPECT_THAT(refusal(file_of({"7"})), HasSubstr("node 0: expected a JSON object, got number"));
  EXPECT_THAT(refusal(file_of({R"({"op": "null", "name": 5, "inputs": []})"})),
              HasSubstr("node 0: 'name' is no text but number"));
  EXPECT_THAT(refusal(file_of({R"({"op": "null", "name": "d"})"})),
              HasSubstr("node 0 'd': the key 'inputs' is missing"));
  EXPECT_THAT(refusal(file_of({R"({"op": "null", "name": "d", "attrs": {"a": 1}, "inputs": []})"})),
              HasSubstr("node 0 'd': a value is no text but number"));
  EXPECT_THAT(refusal(file_of({variable("a\\u001b[2J")})), HasSubstr("control characters"));
  EXPECT_THAT(refusal(file_of({variable("data")}, R"(, "attrs": {"mxnet_version": "1.9"})")),
              HasSubstr("mxnet_version is \"1.9\""));
}

TEST(SymbolRefusal, Indexes) {
  EXPECT_THAT(refusal(file_of({variable("data"), node("Flatten", "f", "", "[7,0]")})),
              StartsWith("m.json: node 1 'f': the node number 7 is not one of 0 to 1"));
  EXPECT_THAT(refusal(file_of({variable("data"), node("Flatten", "f", "", "[-1,0]")})),
              HasSubstr("the node number -1 is not one of"));
  EXPECT_THAT(refusal(file_of({variable("data"), node("Flatten", "f", "", "[0,1]")})),
              HasSubstr("output 1 of node 0 is not supported"));
  EXPECT_THAT(refusal(file_of({variable("data"), node("Flatten", "f", "", "[0]")})),
              HasSubstr("expected [node, output], got [0]"));
  EXPECT_THAT(refusal(file_of({variable("data"), node("Flatten", "a", "", "[2,0]"),
                               node("Flatten", "b", "", "[1,0]")})),
              StartsWith("m.json: node 1 'a': it reads node 2, which does not stand before it: the "
                         "network has a cycle"));
  EXPECT_THAT(refusal(R"({"nodes": [)" + variable("data") + R"(], "arg_nodes": [0],
                          "heads": [[3, 0]]})"),
              HasSubstr("the node number 3 is not one of 0 to 0"));
  EXPECT_THAT(refusal(R"({"nodes": [)" + variable("d") + "," + node("Flatten", "f", "", "[0,0]") +
                      R"(], "arg_nodes": [0, 1], "heads": [[1, 0]]})"),
              HasSubstr("arg_nodes lists node 1 'f', which is no variable but Flatten"));
  EXPECT_THAT(refusal(file_of({variable("d"), variable("d")})),
              HasSubstr("two layers are named 'd'"));
}

TEST(SymbolRefusal, UnknownOperatorsAreListedTogether) {
  EXPECT_THAT(
      refusal(file_of({variable("data"), node("LRN", "norm1", "", "[0,0]"),
                       node("Crop", "crop0", "", "[1,0]"), node("LRN", "norm2", "", "[2,0]")})),
      StartsWith("m.json: operators that are not supported, with their layers: "
                 "Crop ('crop0'); LRN ('norm1', 'norm2')"));
}

TEST(SymbolRefusal, RolesThatContradict) {
  EXPECT_THAT(
      refusal(file_of({variable("data"), variable("s"),
                       node("BatchNorm", "bn", "", "[0,0],[1,0],[1,0],[1,0],[1,0]")})),
      HasSubstr("layer 'bn' (BatchNorm): the variable 's' is a running statistic here but a "
                "parameter for a layer before"));
  EXPECT_THAT(refusal(file_of({variable("data"), node("Flatten", "f", "", "[0,0]"),
                               node("SoftmaxOutput", "s", "", "[1,0],[1,0]")})),
              HasSubstr("layer 's' (SoftmaxOutput): its label is computed by layer 'f'"));
}

struct BadLayer {
  const char* op;
  const char* attributes;
  const char* message;
};

TEST(SymbolRefusal, AttributesThatAreWrongOrNotSupported) {
  const BadLayer cases[] = {
      {"Convolution", "kernel=(3, 3)", "the attribute num_filter is missing"},
      {"Convolution", "num_filter=2", "the attribute kernel is missing"},
      {"Convolution", "num_filter=2; kernel=()", "the attribute kernel is missing"},
      {"Convolution", "num_filter=2; kernel=(3,)", "kernel is '(3,)', expected (height"},
      {"Convolution", "num_filter=2; kernel=(3, 3, 3)", "kernel is '(3, 3, 3)'"},
      {"Convolution", "num_filter=2; kernel=(0, 3)", "each from 1 to 2147483647"},
      {"Convolution", "num_filter=2; kernel=(3, x)", "kernel is '(3, x)'"},
      {"Convolution", "num_filter=two; kernel=(3, 3)", "num_filter is 'two', expected"},
      {"Convolution", "num_filter=2; kernel=(3, 3); layout=NHWC",
       "layout = NHWC is not supported, only NCHW"},
      {"Convolution", "num_filter=2; kernel=(3, 3); no_bias=maybe",
       "no_bias is 'maybe', expected True or False"},
      {"Convolution", "num_filter=2; kernel=(3, 3); twist=1",
       "the attribute twist = '1' is not known"},
      {"BatchNorm", "axis=-1", "axis = -1 is not supported, only 1"},
      {"BatchNorm", "eps=nan", "eps is 'nan', expected a number"},
      {"Activation", "", "act_type is '(missing)', expected relu or sigmoid"},
      {"Activation", "act_type=mish", "act_type is 'mish'"},
      {"LeakyReLU", "act_type=rrelu", "act_type is 'rrelu', expected leaky or prelu or elu"},
      {"Pooling", "kernel=(2, 2); pool_type=lp", "pool_type is 'lp'"},
      {"Pooling", "kernel=(2,); pool_type=max", "kernel is '(2,)'"},
      {"Pooling_v1", "kernel=(2, 2); pooling_convention=full", "for Pooling_v1"},
      {"Pooling", "kernel=(2, 2); pooling_convention=same",
       "pooling_convention is 'same', expected valid or full"},
      {"Pooling_v1", "kernel=(2, 2); pad=(1, 1)", "for Pooling_v1"},
      {"FullyConnected", "num_hidden=2; flatten=False", "flatten = False is not"},
      {"FullyConnected", "num_hidden=0", "num_hidden is '0', expected an integer from 1"},
      {"Concat", "num_args=1; dim=2", "dim = 2 is not supported, only 1"},
      {"Concat", "num_args=1000000000", "num_args is 1000000000, but there are 1 inputs"},
      {"add_n", "num_args=2", "num_args is 2, but there are 1 inputs"},
      {"Dropout", "p=1", "the attribute p is 1, expected 0 <= p < 1"},
      {"Dropout", "mode=always", "mode = always is not supported, only training"},
      {"Dropout", "axes=(1,)", "the attribute axes is '(1,)', expected ()"},
      {"SoftmaxOutput", "multi_output=True", "multi_output = True is not supported"},
      {"SoftmaxOutput", "preserve_shape=True", "preserve_shape = True is not supported"},
      {"SoftmaxOutput", "out_grad=True", "out_grad = True is not supported"},
      {"SoftmaxOutput", "normalization=sum", "normalization is 'sum'"},
      {"identity", "", "0 inputs, expected 1"},
      {"FullyConnected", "num_hidden=2; weight_lr_mult=-1",
       "lr_mult of 'x_weight' is '-1', expected a number from 0"},
  };
  for (const BadLayer& bad : cases) {
    const std::string inputs = bad.op == std::string("identity") ? "" : "[0,0]";
    const std::string got =
        refusal(file_of({variable("data"), node(bad.op, "x", bad.attributes, inputs)}));
    EXPECT_THAT(got, HasSubstr(bad.message)) << bad.op << " " << bad.attributes;
    EXPECT_THAT(got, StartsWith(fmt::format("m.json: layer 'x' ({}): ", bad.op)));
  }
}

TEST(SymbolRefusal, EveryTruncation) {
  const std::string text = read_text(testing::golden("preact-nonsquare-symbol.json"));
  for (size_t size = 0; size + 1 < text.size(); size += 101) {
    EXPECT_THROW((void)parse_symbol(text.substr(0, size), "m.json"), Error) << size;
  }
}

TEST(SymbolRefusal, RandomDamage) {
  const std::string good =
      file_of({variable("data"), node("Convolution", "c", "num_filter=2; kernel=(3, 3)", "[0,0]"),
               node("BatchNorm", "bn", "eps=2e-05", "[1,0]"),
               node("Pooling", "p", "kernel=(2, 2); pool_type=avg", "[2,0]"),
               node("SoftmaxOutput", "softmax", "", "[3,0]")});
  ASSERT_EQ(refusal(good), "nothing thrown");
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    std::string text = good;
    for (int i = 0; i < 2; ++i) text[random() % text.size()] = static_cast<char>(random());
    (void)refusal(text);
  }
}

}  // namespace
}  // namespace orthrus::mxnet
