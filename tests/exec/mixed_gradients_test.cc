// Gradients of several heads that are mixed where they come together: against sample weights, which
// scale a whole task.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exec/network.h"
#include "golden/backends.h"
#include "graph/passes/cut.h"
#include "tasks/heads.h"

namespace orthrus {
namespace {

using testing::backend_names;
using ::testing::HasSubstr;
using testing::make_backend_named;
using testing::Network;
using testing::refusal_of;

const std::vector<Task> kTwo = {{.name = "a", .head = "fa", .classes = 5},
                                {.name = "b", .head = "fb", .classes = 3, .hidden = {4}}};

class MixedGradients : public ::testing::TestWithParam<std::string> {
 protected:
  MixedGradients() {
    const Network network;
    const Edge features = find_features(network.graph);
    layer_ = network.graph.node(features.node).name;
    const Graph backbone = cut(network.graph, features);
    graph_ = training_graph(append_heads(backbone, backbone.outputs().front(), kTwo), kTwo);
    std::vector<std::string> names;
    for (const VariableRole role : {VariableRole::kParameter, VariableRole::kAuxiliary}) {
      for (const int id : graph_.variables(role)) names.push_back(graph_.node(id).name);
    }
    parameters_ = initialise(graph_, infer_shapes(graph_, shapes_), 3, names);
  }

  // Row-major gradients by name, with weights of the tasks' labels.
  std::map<std::string, std::vector<float>> gradients(const std::string& mixed, float a, float b,
                                                      const GradientMixer& mixer) {
    const auto backend = make_backend_named(GetParam());
    Plan plan(graph_, shapes_, *backend, {.training = true, .mixed_gradients = mixed});
    plan.load_parameters(parameters_);
    RandomStream random(5, StreamPurpose::kSynthetic, 0, 0);
    for (float& value : plan.input("data")) value = static_cast<float>(random.normal());
    for (const Task& task : kTwo) {
      for (float& label : plan.input(task.label_input()))
        label = static_cast<float>(random.below(3));
    }
    std::ranges::fill(plan.input("a_sample_weight"), a);
    std::ranges::fill(plan.input("b_sample_weight"), b);
    plan.forward({});
    std::map<std::string, std::vector<float>> result;
    plan.backward(
        {},
        [&](int index, std::span<const float> gradient) {
          const Tensor plain = plan.to_canonical(index, std::as_bytes(gradient));
          result[plan.parameters()[static_cast<size_t>(index)].name] = {plain.data().begin(),
                                                                        plain.data().end()};
        },
        mixer);
    return result;
  }

  Graph graph_;
  std::string layer_;
  std::map<std::string, Shape> shapes_ = {{"data", {4, 3, 8, 8}}};
  NamedTensors parameters_;
};

void expect_near(const std::vector<float>& got, const std::vector<float>& wanted,
                 const std::string& name) {
  ASSERT_EQ(got.size(), wanted.size());
  float largest = 1e-6F;
  for (const float value : wanted) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-4F * largest) << name;
}

TEST_P(MixedGradients, AreAddedUpWithoutAMixer) {
  const auto wanted = gradients("", 1, 1, {});
  for (const auto& [name, values] : gradients(layer_, 1, 1, {})) {
    expect_near(values, wanted.at(name), name);
  }
}

TEST_P(MixedGradients, ReachTheSharedLayersAlone) {
  const auto heads = gradients("", 1, 1, {});
  const auto shared = gradients("", 2, 0.5F, {});
  const GradientMixer mixer = [](std::span<const std::span<const float>> terms,
                                 std::span<float> mixed) {
    ASSERT_EQ(terms.size(), 2U);
    for (size_t i = 0; i < mixed.size(); ++i) mixed[i] = 2 * terms[0][i] + 0.5F * terms[1][i];
  };
  size_t of_heads = 0;
  for (const auto& [name, values] : gradients(layer_, 1, 1, mixer)) {
    const bool head = name.starts_with("fa_") || name.starts_with("fb_");
    of_heads += head ? 1 : 0;
    expect_near(values, (head ? heads : shared).at(name), name);
  }
  EXPECT_EQ(of_heads, 6U);
}

INSTANTIATE_TEST_SUITE_P(Backends, MixedGradients, ::testing::ValuesIn(backend_names()),
                         [](const auto& backend) { return backend.param; });

TEST(MixedGradientsOf, RefuseALayerThatIsNotThere) {
  const Network network;
  const auto backend = make_ref_backend();
  EXPECT_THAT(refusal_of([&] {
                const Plan plan(network.graph, network.shapes, *backend,
                                {.training = true, .mixed_gradients = "none"});
              }),
              HasSubstr("no layer is named 'none'"));
}

}  // namespace
}  // namespace orthrus
