#include "tasks/loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace orthrus {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(LossWeights, AreOneForRealPicturesWhereEveryLabelIsThere) {
  const Task task = classic_tasks(4)[0];
  std::vector<float> weights(4);
  loss_weights(task, std::vector<float>{0, 1, 2, 3}, std::vector<float>{1, 1, 1, 0}, 3, weights);
  EXPECT_THAT(weights, ElementsAre(1, 1, 1, 0));
}

TEST(LossWeights, MakeUpForMissingLabels) {
  const Task task = classic_tasks(4)[0];
  std::vector<float> weights(4);
  loss_weights(task, std::vector<float>{0, 0, 2, 3}, std::vector<float>{1, 0, 1, 0}, 4, weights);
  EXPECT_THAT(weights, ElementsAre(2, 0, 2, 0));
}

TEST(LossWeights, AreZeroInABatchWithoutAnyLabel) {
  const Task task = classic_tasks(4)[0];
  std::vector<float> weights(3, 7);
  loss_weights(task, std::vector<float>(3), std::vector<float>(3), 3, weights);
  EXPECT_THAT(weights, Each(0));
}

TEST(LossWeights, HaveTheWeightOfTheLabelsClass) {
  Task task = classic_tasks(3)[0];
  task.class_weights = {0.5, 2, 3};
  std::vector<float> weights(4);
  loss_weights(task, std::vector<float>{0, 1, 0, 2}, std::vector<float>{1, 1, 0, 0}, 4, weights);
  EXPECT_THAT(weights, ElementsAre(1, 4, 0, 0));
}

TEST(LossWeights, OfAMultilabelTaskWeighAOneByItsClass) {
  const Task task{
      .name = "t", .classes = 2, .kind = TaskKind::kMultilabel, .class_weights = {3, 5}};
  std::vector<float> weights(4);
  loss_weights(task, std::vector<float>{1, 0, 1, 1}, std::vector<float>{1, 1, 0, 0}, 2, weights);
  EXPECT_THAT(weights, ElementsAre(6, 2, 0, 0));
}

TEST(MixLabels, PutTheGreaterShareFirst) {
  const Task task = classic_tasks(4)[0];
  std::vector<float> labels = {0, 1, 2, 3}, present = {1, 1, 1, 1};
  std::vector<float> weights(4), other_labels(4), other_weights(4);
  mix_labels(task, std::vector<int>{3, 1, 2, 0}, std::vector<float>{0.25F, 1, 1, 0.25F}, 4,
             {labels, present, weights, other_labels, other_weights});
  EXPECT_THAT(labels, ElementsAre(3, 1, 2, 0));
  EXPECT_THAT(other_labels, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(weights, ElementsAre(0.75F, 1, 1, 0.75F));
  EXPECT_THAT(other_weights, ElementsAre(0.25F, 0, 0, 0.25F));
}

TEST(MixLabels, ALabelThatEitherLacksIsMissing) {
  const Task task = classic_tasks(4)[0];
  std::vector<float> labels = {0, 1, 0, 3}, present = {1, 1, 0, 1};
  std::vector<float> weights(4), other_labels(4), other_weights(4);
  mix_labels(task, std::vector<int>{3, 2, 1, 0}, std::vector<float>{0.5F, 0.5F, 0.5F, 0.5F}, 4,
             {labels, present, weights, other_labels, other_weights});
  EXPECT_THAT(present, ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(weights, ElementsAre(1, 0, 0, 1)) << "twice for the half that is there";
  EXPECT_THAT(other_weights, ElementsAre(1, 0, 0, 1));
}

TEST(BatchLoss, TakesAShareOfEachPicture) {
  const Task task = classic_tasks(2)[0];
  const std::vector<float> probabilities = {0.5F, 0.5F, 0.25F, 0.75F};
  const double loss = batch_loss(task, probabilities, std::vector<float>{0, 1},
                                 std::vector<float>{1, 1}, std::vector<float>{0.5F, 2});
  EXPECT_NEAR(loss, (0.5 * std::log(2.0) - 2 * std::log(0.75)) / 2, 1e-7);
}

// The references are PyTorch's (reference/make_references.py losses).
struct LossCase {
  double smoothing = 0;
  double gamma = 0;
  bool weighted = false;
  double loss = 0;
};

constexpr double kTolerance = 1e-6;

TEST(BatchLoss, OfSoftmaxIsPyTorchs) {
  const std::vector<float> probabilities = {
      0.5897976636568125F,  0.13160164714691433F, 0.27860068919627295F, 0.11419519938459449F,
      0.8437947344813395F,  0.04201006613406605F, 0.48028778876026895F, 0.48028778876026895F,
      0.03942442247946207F, 0.8437947344813396F,  0.04201006613406606F, 0.1141951993845945F};
  const std::vector<float> labels = {0, 2, 1, 1};
  const std::vector<float> present = {1, 1, 0, 1};
  for (const LossCase& expected :
       {LossCase{0, 0, false, 2.289222594322627}, LossCase{0.1, 0, false, 2.2253337054337385},
        LossCase{0, 2, false, 1.969019732360839}, LossCase{0, 0, true, 3.521995811828528},
        LossCase{0.2, 1.5, true, 2.968953305183128}}) {
    Task task{.name = "t",
              .classes = 3,
              .label_smoothing = expected.smoothing,
              .focal_gamma = expected.gamma};
    if (expected.weighted) task.class_weights = {0.5, 2, 1.25};
    EXPECT_NEAR(batch_loss(task, probabilities, labels, present), expected.loss, kTolerance);
  }
}

TEST(BatchLoss, OfMultilabelIsPyTorchs) {
  const std::vector<float> probabilities = {0.7310585786300049F,
                                            0.3775406687981454F,
                                            0.5621765008857981F,
                                            0.5F,
                                            0.8807970779778823F,
                                            0.2689414213699951F,
                                            0.6224593312018546F,
                                            0.6224593312018546F,
                                            0.11920292202211755F,
                                            0.9525741268224334F,
                                            0.5F,
                                            0.7310585786300049F};
  const std::vector<float> labels = {0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0};
  const std::vector<float> present = {1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1};
  for (const LossCase& expected :
       {LossCase{0, 0, false, 0.968932084273062}, LossCase{0.1, 0, false, 0.9653606557016333},
        LossCase{0, 2, false, 0.5181829318680768}, LossCase{0, 0, true, 1.0551049011463853},
        LossCase{0.2, 1.5, true, 0.6197363151972842}}) {
    Task task{.name = "t",
              .classes = 3,
              .kind = TaskKind::kMultilabel,
              .label_smoothing = expected.smoothing,
              .focal_gamma = expected.gamma};
    if (expected.weighted) task.class_weights = {0.5, 2, 1.25};
    EXPECT_NEAR(batch_loss(task, probabilities, labels, present), expected.loss, kTolerance);
  }
}

TEST(BatchLoss, IsZeroWithoutALabel) {
  const Task task = classic_tasks(2)[0];
  EXPECT_EQ(batch_loss(task, std::vector<float>{0.5F, 0.5F}, std::vector<float>{0},
                       std::vector<float>{0}),
            0);
}

}  // namespace
}  // namespace orthrus
