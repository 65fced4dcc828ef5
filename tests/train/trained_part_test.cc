#include "train/trained_part.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builders/resnet.h"
#include "graph/passes/cut.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::tiny_model;

// A residual network with three stages and the classic heads; without values.
Model residual_model(const char* name = "resnet14_small", int64_t size = 28) {
  Model model;
  model.tasks = classic_tasks(4);
  const Graph network = build_network(name, 4);
  const Graph backbone = cut(network, find_layer(network, "flatten0"));
  model.graph = append_heads(backbone, backbone.outputs().front(), model.tasks);
  model.preprocessing.height = size;
  model.preprocessing.width = size;
  model.input = "data";
  return model;
}

TrainedPart part_of(const Model& model, std::vector<std::string> items,
                    BatchNormMode mode = BatchNormMode::kAuto) {
  return choose_trained_part(model, {.items = std::move(items), .batch_norm = mode});
}

bool uses_stored(const Graph& graph, const char* norm) {
  return std::get<BatchNorm>(graph.node(*graph.find(norm)).op).use_global_stats;
}

TEST(TrainedPart, OfAllIsTheNetworkAsItIs) {
  const Model model = residual_model();
  const TrainedPart part = part_of(model, {"all"});
  EXPECT_EQ(part.graph, model.graph);
  EXPECT_EQ(part.input, "data");
  EXPECT_FALSE(part.divided());
  EXPECT_TRUE(part.trains_all());
  EXPECT_EQ(part.batch_shape(5), (Shape{5, 3, 28, 28}));
}

TEST(TrainedPart, OfTheHeadsReadsTheFeatures) {
  const TrainedPart part = part_of(residual_model(), {"heads"});
  EXPECT_THAT(part.trained,
              ElementsAre("fc_bias", "fc_multitask_bias", "fc_multitask_weight", "fc_weight"));
  EXPECT_EQ(part.input, "flatten0");
  EXPECT_EQ(part.input_shape, (Shape{1, 64}));
  EXPECT_TRUE(uses_stored(part.frozen, "bn_data"));
  EXPECT_FALSE(part.graph.find("data"));
}

TEST(TrainedPart, OfTheLastStageReadsTheSumBefore) {
  const TrainedPart part = part_of(residual_model(), {"last:1"});
  EXPECT_EQ(part.input, "_plus3");
  EXPECT_EQ(part.input_shape, (Shape{1, 32, 14, 14}));
  EXPECT_TRUE(part.trained.contains("stage3_unit1_bn1_gamma"));
  EXPECT_FALSE(part.trained.contains("stage2_unit2_conv2_weight"));
  EXPECT_FALSE(uses_stored(part.graph, "stage3_unit1_bn1"));
  EXPECT_TRUE(uses_stored(part.frozen, "stage2_unit1_bn1"));
  EXPECT_EQ(part_of(residual_model(), {"last:3"}).trained,
            part_of(residual_model(), {"all"}).trained);
}

TEST(TrainedPart, OfAPatternKeepsStatisticsWhereNothingIsTrained) {
  const TrainedPart part =
      part_of(residual_model(), {"heads", "stage3_unit2_*", "stage3_unit1_sc?weight"});
  EXPECT_EQ(part.input, "stage3_unit1_relu1");
  EXPECT_TRUE(uses_stored(part.graph, "stage3_unit1_bn2"));
  EXPECT_FALSE(uses_stored(part.graph, "stage3_unit2_bn2"));
  EXPECT_EQ(part.trained.count("stage3_unit1_conv1_weight"), 0U);
}

TEST(TrainedPart, TakesTheStatisticsThatAreAskedFor) {
  const TrainedPart frozen = part_of(residual_model(), {"all"}, BatchNormMode::kFrozen);
  EXPECT_TRUE(uses_stored(frozen.graph, "bn_data"));
  EXPECT_TRUE(frozen.froze_norms);
  EXPECT_FALSE(frozen.divided());
  // The features of a picture then depend on the others of its batch.
  const TrainedPart moving = part_of(residual_model(), {"heads"}, BatchNormMode::kTrain);
  EXPECT_FALSE(moving.divided());
  EXPECT_FALSE(uses_stored(moving.graph, "bn_data"));
  EXPECT_FALSE(moving.trains_all());
}

TEST(TrainedPart, LeavesADropoutInFrontOfTheHeadsToThem) {
  const TrainedPart part = part_of(tiny_model(), {"heads"});
  EXPECT_EQ(part.input, "relu");
  EXPECT_TRUE(part.graph.find("drop"));
}

TEST(TrainedPart, KeepsNoActivationsOfWhatIsFrozen) {
  const auto arena = [](const TrainedPart& part) {
    const auto backend = make_cpu_backend();
    PlanOptions options;
    options.training = true;
    options.trainable = [&](std::string_view name) { return part.trained.contains(name); };
    const Plan plan(part.graph, {{part.input, part.batch_shape(8)}}, *backend, options);
    return plan.memory().arena_bytes;
  };
  const Model model = residual_model();
  const size_t all = arena(part_of(model, {"all"}));
  EXPECT_LT(arena(part_of(model, {"last:1"})), all);  // the rest is scratch of its convolutions
  EXPECT_LT(100 * arena(part_of(model, {"heads"})), all);
}

TEST(TrainedPart, RefusesWhatTheNetworkDoesNotHave) {
  const auto refusal = [](const char* item) {
    return refusal_of([&] { (void)part_of(residual_model(), {item}); });
  };
  EXPECT_THAT(refusal("last:4"), AllOf(HasSubstr("--train last:4: a number of stages from 1 to 3"),
                                       HasSubstr("stage 2 (14 x 14: stage2_unit1_bn1_gamma to ")));
  for (const char* item : {"last:0", "last:", "last:1x", "last:-1"}) {
    EXPECT_THAT(refusal(item), HasSubstr("from 1 to 3 is expected")) << item;
  }
  EXPECT_THAT(refusal("head"), HasSubstr("did you mean 'heads'"));
  // Would take years if every '*' tried every place of every other.
  EXPECT_THAT(refusal((std::string(40, '*') + "zzz").c_str()),
              HasSubstr("no parameter of the network has such a name"));
  EXPECT_THAT(refusal("*s*t*a*g*e*_*u*n*i*t*_*c*o*n*v*_*w*e*i*g*h*t*?z"),
              HasSubstr("no parameter of the network has such a name"));
  EXPECT_THAT(refusal("zzzzzzzz*"), AllOf(HasSubstr("no parameter of the network has such a name"),
                                          HasSubstr("a pattern such as")));
}

TEST(TrainedPart, IsDescribedStageByStage) {
  const std::vector<std::string> lines =
      describe(part_of(residual_model(), {"heads", "stage3_*conv1_weight"}));
  EXPECT_THAT(lines, Contains("stage 1: 28 x 28, 10,038 values, frozen"));
  EXPECT_THAT(lines, Contains(HasSubstr("stage 3: 7 x 7, ")));
  EXPECT_THAT(lines, Contains(HasSubstr(" of them trained")));
  EXPECT_THAT(lines, Contains("heads: 390 values, trained"));
  EXPECT_THAT(lines, Contains(HasSubstr("frozen as a whole up to 'stage3_unit1_relu1'")));
}

}  // namespace
}  // namespace orthrus
