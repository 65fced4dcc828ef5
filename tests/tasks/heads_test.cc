#include "tasks/heads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace orthrus {
namespace {

using testing::HasSubstr;

Graph flat_input() {
  Graph graph;
  const int data = graph.add_variable("data", VariableRole::kInput);
  const int flat = graph.add({"flatten0", Flatten{}, {{data}}});
  graph.set_outputs({{flat}});
  return graph;
}

TEST(AppendHeads, MakesOneLossForEachTaskOnTheSharedFeatures) {
  const Graph graph = append_heads(flat_input(), {1}, classic_tasks(4));
  ASSERT_EQ(graph.outputs().size(), 2);
  EXPECT_EQ(graph.node(graph.outputs()[0].node).name, "softmax");
  EXPECT_EQ(graph.node(graph.outputs()[1].node).name, "softmax_multitask");
  const auto shapes = infer_shapes(graph, {{"data", {8, 3, 2, 2}}});
  const auto shape_of = [&](const char* name) {
    return shapes[static_cast<size_t>(graph.find(name).value())];
  };
  EXPECT_EQ(shape_of("softmax"), (Shape{8, 4}));
  EXPECT_EQ(shape_of("softmax_multitask"), (Shape{8, 2}));
  EXPECT_EQ(shape_of("fc_weight"), (Shape{4, 12}));
  EXPECT_EQ(shape_of("fc_multitask_bias"), (Shape{2}));
  EXPECT_EQ(shape_of("softmax_multitask_label"), (Shape{8}));
}

TEST(AppendHeads, MakesTheLossAndTheLayersThatATaskAsksFor) {
  const Task tags{.name = "tags",
                  .head = "fc_tags",
                  .classes = 3,
                  .kind = TaskKind::kMultilabel,
                  .label_smoothing = 0.1,
                  .focal_gamma = 2,
                  .hidden = {16, 8},
                  .dropout = 0.5};
  const Task kind{.name = "kind", .head = "fc_kind", .classes = 5, .label_smoothing = 0.1};
  const Graph graph = append_heads(flat_input(), {1}, {tags, kind});
  const auto shapes = infer_shapes(graph, {{"data", {8, 3, 2, 2}}});
  const auto shape_of = [&](const char* name) {
    return shapes[static_cast<size_t>(graph.find(name).value())];
  };
  EXPECT_EQ(shape_of("fc_tags_hidden1_weight"), (Shape{16, 12}));
  EXPECT_EQ(shape_of("fc_tags_hidden2_weight"), (Shape{8, 16}));
  EXPECT_EQ(shape_of("fc_tags_weight"), (Shape{3, 8}));
  EXPECT_EQ(shape_of("tags_label"), (Shape{8, 3}));
  EXPECT_TRUE(graph.find("fc_tags_hidden1_relu"));
  EXPECT_TRUE(graph.find("fc_tags_hidden1_dropout"));
  EXPECT_FALSE(graph.find("fc_tags_hidden2_dropout"));
  EXPECT_TRUE(graph.find("fc_tags_dropout"));
  for (const std::string& name : head_parameters(tags)) EXPECT_TRUE(graph.find(name)) << name;
  EXPECT_EQ(head_parameters(tags).size(), 6U);

  EXPECT_EQ(std::get<LogisticOutput>(graph.node(graph.outputs()[0].node).op), LogisticOutput{});
  EXPECT_EQ(std::get<SoftmaxOutput>(graph.node(graph.outputs()[1].node).op), SoftmaxOutput{});

  const Graph weighted = training_graph(graph, {tags, kind});
  const auto& logistic = std::get<LogisticOutput>(weighted.node(weighted.outputs()[0].node).op);
  EXPECT_EQ(logistic.smooth_alpha, 0.1);
  EXPECT_EQ(logistic.focal_gamma, 2);
  const auto& softmax = std::get<SoftmaxOutput>(weighted.node(weighted.outputs()[1].node).op);
  EXPECT_DOUBLE_EQ(softmax.smooth_alpha, 0.08);  // of the four other classes
  EXPECT_TRUE(weighted.find("tags_sample_weight"));
  EXPECT_EQ(infer_shapes(
                weighted,
                {{"data",
                  {8, 3, 2, 2}}})[static_cast<size_t>(weighted.find("tags_sample_weight").value())],
            (Shape{8, 3}));
}

TEST(TrainingGraph, HasASecondLossForMixedPictures) {
  const Task kind{.name = "kind", .head = "fc", .classes = 5, .label_smoothing = 0.1};
  const Graph plain = append_heads(flat_input(), {1}, {kind});
  EXPECT_EQ(training_graph(plain, {kind}).outputs().size(), 1U);
  const Graph mixed = training_graph(plain, {kind}, true);
  ASSERT_EQ(mixed.outputs().size(), 2U);
  const Node& loss = mixed.node(mixed.outputs()[0].node);
  const Node& twin = mixed.node(mixed.outputs()[1].node);
  EXPECT_EQ(loss.name, "kind");
  EXPECT_EQ(twin.name, "kind_mixed");
  EXPECT_EQ(twin.inputs[0], loss.inputs[0]);
  EXPECT_EQ(std::get<SoftmaxOutput>(twin.op), std::get<SoftmaxOutput>(loss.op));
  EXPECT_TRUE(mixed.find("kind_mixed_label"));
  EXPECT_TRUE(mixed.find("kind_mixed_sample_weight"));
}

TEST(FindTasks, TellsMultilabelTasksByTheirLoss) {
  const std::vector<Task> wanted = {
      {.name = "tags", .head = "a", .classes = 3, .kind = TaskKind::kMultilabel},
      {.name = "kind", .head = "b", .classes = 5}};
  const std::vector<Task> tasks = find_tasks(append_heads(flat_input(), {1}, wanted));
  EXPECT_EQ(tasks[0].kind, TaskKind::kMultilabel);
  EXPECT_EQ(tasks[0].label_column, 0);
  EXPECT_EQ(tasks[1].kind, TaskKind::kSoftmax);
  EXPECT_EQ(tasks[1].label_column, 3);
}

TEST(AppendHeads, RefusesATakenName) {
  const Graph graph = append_heads(flat_input(), {1}, classic_tasks(4));
  EXPECT_THROW((void)append_heads(graph, {1}, classic_tasks(4)), Error);
}

TEST(WeighSamples, GivesEveryLossAWeightInputAndKeepsTheRest) {
  const Graph plain = append_heads(flat_input(), {1}, classic_tasks(4));
  const Graph weighted = weigh_samples(plain);
  EXPECT_EQ(weighted.size(), plain.size() + 2);
  EXPECT_EQ(weighted.variables(VariableRole::kSampleWeight).size(), 2);
  EXPECT_TRUE(weighted.find(classic_tasks(4)[1].weight_input()));
  const Node& loss = weighted.node(weighted.outputs()[1].node);
  EXPECT_EQ(loss.name, "softmax_multitask");
  EXPECT_EQ(weighted.node(loss.inputs[0].node).name, "fc_multitask");
  EXPECT_EQ(weigh_samples(weighted).size(), weighted.size());
}

TEST(FindTasks, ReadsBackWhatAppendHeadsWrote) {
  const std::vector<Task> tasks = find_tasks(append_heads(flat_input(), {1}, classic_tasks(4)));
  ASSERT_EQ(tasks.size(), 2);
  EXPECT_EQ(tasks[0].name, "softmax");
  EXPECT_EQ(tasks[0].head, "fc");
  EXPECT_EQ(tasks[0].classes, 4);
  EXPECT_EQ(tasks[0].rule, LabelRule::kIdentity);
  EXPECT_EQ(tasks[1].name, "softmax_multitask");
  EXPECT_EQ(tasks[1].rule, LabelRule::kPositive);
  EXPECT_EQ(tasks[1].label_column, 0);
}

TEST(FindTasks, GivesFurtherTasksTheirOwnColumns) {
  const std::vector<Task> wanted = {{.name = "kind", .head = "a", .classes = 3},
                                    {.name = "colour", .head = "b", .classes = 5}};
  const std::vector<Task> tasks = find_tasks(append_heads(flat_input(), {1}, wanted));
  EXPECT_EQ(tasks[0].label_column, 0);
  EXPECT_EQ(tasks[1].label_column, 1);
}

TEST(FindTasks, RefusesAnOutputThatIsNoLoss) {
  try {
    (void)find_tasks(flat_input());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("output 'flatten0' (Flatten)"));
  }
}

}  // namespace
}  // namespace orthrus
