// What the tests of models share: a small network with a classifier, messages of errors as text.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/temporary_folder.h"
#include "base/test_folder.h"
#include "data/loader.h"
#include "model/initialise.h"
#include "model/model.h"
#include "model/source.h"
#include "tasks/heads.h"

namespace orthrus::testing {

inline const std::filesystem::path kPictures = test_folder() / "golden/mxnet/data";

using orthrus::TemporaryFolder;

// "<message> | <hint>" of the Error that `action` throws, "nothing thrown" otherwise.
template <typename Action>
std::string refusal_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.message() + " | " + error.hint();
  }
  return "nothing thrown";
}

// Pictures of 4 x 4: fc0 (6), relu0, fc1 (10), softmax; every value 1.
inline LoadedNetwork small_network() {
  LoadedNetwork network;
  Graph& graph = network.graph;
  int at = graph.add_variable("data", VariableRole::kInput);
  const auto full = [&](const std::string& name, int64_t hidden, int64_t features) {
    const int weight = graph.add_variable(name + "_weight", VariableRole::kParameter);
    const int bias = graph.add_variable(name + "_bias", VariableRole::kParameter);
    network.parameters[name + "_weight"] = Tensor::filled({hidden, features}, 1);
    network.parameters[name + "_bias"] = Tensor::filled({hidden}, 1);
    at = graph.add({name, FullyConnected{.num_hidden = hidden}, {{at}, {weight}, {bias}}});
  };
  full("fc0", 6, 48);
  at = graph.add({"relu0", Activation{}, {{at}}});
  full("fc1", 10, 6);
  const int label = graph.add_variable("softmax_label", VariableRole::kLabel);
  graph.set_outputs({{graph.add({"softmax", SoftmaxOutput{}, {{at}, {label}}})}});
  return network;
}

inline Preprocessing small_pictures() {
  Preprocessing preprocessing;
  preprocessing.height = 4;
  preprocessing.width = 4;
  preprocessing.resize = 4;
  return preprocessing;
}

// 8 x 8 pixels, one convolution with BatchNorm and ReLU, dropout, the two classic heads.
inline Graph tiny_backbone() {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int weight = graph.add_variable("conv_weight", VariableRole::kParameter);
  const int conv = graph.add(
      {"conv",
       Convolution{
           .num_filter = 4, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}, .has_bias = false},
       {{data}, {weight}}});
  const int gamma = graph.add_variable("bn_gamma", VariableRole::kParameter);
  const int beta = graph.add_variable("bn_beta", VariableRole::kParameter);
  const int mean = graph.add_variable("bn_moving_mean", VariableRole::kAuxiliary);
  const int variance = graph.add_variable("bn_moving_var", VariableRole::kAuxiliary);
  const int bn = graph.add(
      {"bn", BatchNorm{.fix_gamma = false}, {{conv}, {gamma}, {beta}, {mean}, {variance}}});
  const int relu = graph.add({"relu", Activation{}, {{bn}}});
  const int dropout = graph.add({"drop", Dropout{.p = 0.25}, {{relu}}});
  const int flat = graph.add({"flatten0", Flatten{}, {{dropout}}});
  graph.set_outputs({{flat}});
  return graph;
}

inline Model tiny_model() {
  Model model;
  model.tasks = classic_tasks(4);
  const Graph backbone = tiny_backbone();
  model.graph = append_heads(backbone, backbone.outputs().front(), model.tasks);
  model.preprocessing.height = 8;
  model.preprocessing.width = 8;
  model.preprocessing.resize = 8;
  model.input = "data";
  model.origin = "tiny";
  std::vector<std::string> names;
  for (const auto& [name, shape] : parameter_shapes(model.graph, model.preprocessing)) {
    names.push_back(name);
  }
  model.parameters = initialise(
      model.graph, infer_shapes(model.graph, {{"data", picture_shape(model.preprocessing, 1)}}), 7,
      names);
  return model;
}

// The two classic heads on `features` of another network; every value 0.
inline Model tiny_heads_on(const Graph& network, int features) {
  Model model = tiny_model();
  model.graph = append_heads(network, {features}, model.tasks);
  model.parameters = {};
  for (const auto& [name, shape] : parameter_shapes(model.graph, model.preprocessing)) {
    model.parameters[name] = Tensor::zeros(shape);
  }
  return model;
}

// The heads on the pixels themselves: linear, unlike those behind a dropout.
inline Model pixel_model() {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int flat = graph.add({"flatten0", Flatten{}, {{data}}});
  return tiny_heads_on(graph, flat);
}

inline std::unique_ptr<Loader> golden_loader(const std::string& list,
                                             const Preprocessing& preprocessing,
                                             const LoaderOptions& options) {
  return std::make_unique<Loader>(read_list(kPictures / list), kPictures, preprocessing, options);
}

// True when both hold the same names with the same shapes and the same bytes.
inline bool same_bytes(const NamedTensors& a, const NamedTensors& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.shape() == y.second.shape() &&
           std::ranges::equal(x.second.bytes(), y.second.bytes());
  });
}

}  // namespace orthrus::testing
