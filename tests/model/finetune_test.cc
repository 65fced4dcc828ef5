#include "model/finetune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/model_file.h"
#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::refusal_of;
using testing::small_network;
using testing::small_pictures;

Model prepare(const LoadedNetwork& network, FinetuneReport& report, const std::string& layer = {}) {
  return prepare_finetune(
      network, {.name = "small"},
      {.tasks = classic_tasks(4), .preprocessing = small_pictures(), .layer = layer, .seed = 1},
      report);
}

std::string cut_refusal(const LoadedNetwork& network, const std::string& layer = {}) {
  return refusal_of([&] {
    FinetuneReport report;
    (void)prepare(network, report, layer);
  });
}

TEST(PrepareFinetune, CutsAtTheLastFullyConnectedAndStartsNewHeads) {
  FinetuneReport report;
  const Model model = prepare(small_network(), report);
  EXPECT_EQ(report.features, "relu0");
  EXPECT_THAT(report.initialised,
              ElementsAre("fc_bias", "fc_multitask_bias", "fc_multitask_weight", "fc_weight"));
  EXPECT_THAT(report.superfluous, ElementsAre("fc1_bias", "fc1_weight"));
  EXPECT_THAT(report.taken_heads, IsEmpty());
  EXPECT_EQ(model.parameters.size(), 6U);
  EXPECT_EQ(model.parameters.at("fc_weight").shape(), (Shape{4, 6}));
  EXPECT_EQ(model.parameters.at("fc0_weight").data()[0], 1);
  EXPECT_EQ(model.input, "data");
  EXPECT_TRUE(model.pretrained);
}

TEST(PrepareFinetune, TakesHeadsOfTheRightNamesAndShapes) {
  LoadedNetwork network = small_network();
  network.parameters["fc_weight"] = Tensor::filled({4, 6}, 5);
  network.parameters["fc_bias"] = Tensor::filled({9}, 5);
  FinetuneReport report;
  const Model model = prepare(network, report);
  EXPECT_THAT(report.taken_heads, ElementsAre("fc_weight"));
  EXPECT_THAT(report.reshaped, ElementsAre("fc_bias"));
  EXPECT_EQ(model.parameters.at("fc_weight").data()[0], 5);
  EXPECT_EQ(model.parameters.at("fc_bias").data()[0], 0);
}

TEST(PrepareFinetune, GoesOnWithTheHeadsOfAModelFile) {
  const testing::TemporaryFolder folder;
  const std::string path = (folder.path() / "best.safetensors").string();
  const Model model = testing::tiny_model();
  write_model(path, model);
  const ModelSource source = resolve_model(path, {});
  FinetuneReport report;
  const Model again =
      prepare_finetune(load_network(source, 0, {}, 0), source,
                       {.tasks = describe_source(source).tasks,
                        .preprocessing = describe_source(source).preprocessing.value()},
                       report);
  EXPECT_THAT(report.initialised, IsEmpty());
  EXPECT_THAT(report.taken_heads,
              ElementsAre("fc_bias", "fc_multitask_bias", "fc_multitask_weight", "fc_weight"));
  EXPECT_EQ(again.graph, model.graph);
  EXPECT_TRUE(testing::same_bytes(again.parameters, model.parameters));
  EXPECT_TRUE(again.pretrained);
}

TEST(PrepareFinetune, GoesOnWithHeadsOfSeveralLayers) {
  FinetuneRequest request{.tasks = classic_tasks(4), .preprocessing = small_pictures()};
  request.tasks[0].hidden = {5};
  request.tasks[1].hidden = {3, 7};
  request.tasks[1].dropout = 0.5;
  FinetuneReport report;
  const Model first = prepare_finetune(small_network(), {.name = "small"}, request, report);
  FinetuneReport second_report;
  const Model second =
      prepare_finetune({first.graph, first.parameters}, {.name = "first"}, request, second_report);
  EXPECT_EQ(second_report.features, "relu0");
  EXPECT_THAT(second_report.initialised, IsEmpty());
  EXPECT_EQ(second.graph, first.graph);
  EXPECT_TRUE(testing::same_bytes(second.parameters, first.parameters));
}

TEST(PrepareFinetune, GivesItsOwnResultBack) {
  FinetuneReport first;
  const Model model = prepare(small_network(), first);
  FinetuneReport second;
  const Model again = prepare({model.graph, model.parameters}, second);
  EXPECT_EQ(second.features, "relu0");
  EXPECT_EQ(second.taken_heads.size(), 4U);
  EXPECT_THAT(second.initialised, IsEmpty());
  EXPECT_EQ(again.graph.size(), model.graph.size());
}

TEST(PrepareFinetune, TakesALayerByNameWithOrWithoutOutput) {
  for (const char* layer : {"fc0", "fc0_output"}) {
    FinetuneReport report;
    (void)prepare(small_network(), report, layer);
    EXPECT_EQ(report.features, "fc0");
  }
  EXPECT_THAT(cut_refusal(small_network(), "relu1"), AllOf(HasSubstr("relu1"), HasSubstr("relu0")));
}

TEST(PrepareFinetune, NamesEveryMissingParameterOfTheBackbone) {
  LoadedNetwork network = small_network();
  network.parameters.erase("fc0_weight");
  network.parameters.erase("fc0_bias");
  EXPECT_THAT(cut_refusal(network), HasSubstr("2 parameters of the network are missing: fc0_bias, "
                                              "fc0_weight"));
}

TEST(PrepareFinetune, RefusesABackboneOfAnotherShape) {
  LoadedNetwork network = small_network();
  network.parameters["fc0_weight"] = Tensor::zeros({6, 47});
  EXPECT_THAT(cut_refusal(network),
              AllOf(HasSubstr("'fc0_weight' has the shape (6,47), the network "
                              "needs (6,48)"),
                    HasSubstr("--image-shape")));
}

TEST(PrepareFinetune, RefusesValuesThatAreNotFiniteUnlessTheyAreDropped) {
  LoadedNetwork network = small_network();
  network.parameters["fc1_weight"].data()[3] = NAN;  // of the head that is replaced
  EXPECT_EQ(cut_refusal(network), "nothing thrown");
  network.parameters["fc0_bias"].data()[5] = -INFINITY;
  network.stored_names["fc0_bias"] = "its.own.name";
  EXPECT_THAT(cut_refusal(network), AllOf(HasSubstr("small, epoch 0: 1 of its"),
                                          HasSubstr("(NaN or infinity): its.own.name")));
  FinetuneReport report;
  EXPECT_EQ(
      prepare_finetune(
          network, {.name = "small"},
          {.tasks = classic_tasks(4), .preprocessing = small_pictures(), .accept_non_finite = true},
          report)
          .tasks.size(),
      2U);
  network = small_network();
  network.parameters["fc_weight"] = Tensor::filled({4, 6}, NAN);  // a head that is taken over
  EXPECT_THAT(cut_refusal(network), HasSubstr("fc_weight"));
}

TEST(PrepareFinetune, RefusesABackboneThatHasAHeadsName) {
  LoadedNetwork network = small_network();
  Graph graph;
  for (Node node : network.graph.nodes()) {
    if (node.name == "relu0") node.name = "fc";
    graph.add(std::move(node));
  }
  graph.set_outputs(network.graph.outputs());
  network.graph = graph;
  EXPECT_THAT(cut_refusal(network), HasSubstr("the head of task 'softmax' needs that name"));
}

}  // namespace
}  // namespace orthrus
