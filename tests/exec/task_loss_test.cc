// The whole way of a task's loss: head, loss operator, weights of the labels. The gradient at the
// logits is PyTorch's (tests/tasks/reference/make_references.py losses).
#include <gtest/gtest.h>

#include "exec/plan.h"
#include "tasks/heads.h"
#include "tasks/loss.h"

namespace orthrus {
namespace {

constexpr int kRows = 4, kClasses = 3;
const std::vector<float> kLogits = {1, -0.5F, 0.25F, 0, 2, -1, 0.5F, 0.5F, -2, 3, 0, 1};

struct LossGradientCase {
  double smoothing = 0;
  double gamma = 0;
  bool weighted = false;
  std::vector<double> gradient;  // of the loss, at the logits
};

// Gradient at the logits: the head's weight is the identity, so it is that of the features.
// `fill` writes labels and weights.
template <typename Fill>
std::vector<double> gradient_with(const Task& task, bool mixes, const Fill& fill) {
  Graph backbone;
  const int data = backbone.add_variable("data", VariableRole::kInput);
  const auto backend = make_ref_backend();
  Plan plan(training_graph(append_heads(backbone, {data}, {task}), {task}, mixes),
            {{"data", {kRows, kClasses}}}, *backend,
            {.training = true, .input_gradients = {"data"}});
  Tensor identity = Tensor::zeros({kClasses, kClasses});
  for (size_t k = 0; k < kClasses; ++k) identity.data()[k * kClasses + k] = 1;
  plan.load_parameters({{"fc_weight", identity}, {"fc_bias", Tensor::zeros({kClasses})}});
  std::ranges::copy(kLogits, plan.input("data").begin());
  fill(plan);
  plan.forward({});
  plan.backward({}, {});
  const std::span<const std::byte> bytes = plan.input_gradient_bytes("data");
  const auto* values = reinterpret_cast<const float*>(bytes.data());
  // The trainer divides by the number of pictures.
  std::vector<double> gradient(values, values + kLogits.size());
  for (double& value : gradient) value /= kRows;
  return gradient;
}

std::vector<double> gradient_of(const Task& task, const std::vector<float>& labels,
                                const std::vector<float>& present) {
  return gradient_with(task, false, [&](Plan& plan) {
    std::ranges::copy(labels, plan.input(task.label_input()).begin());
    loss_weights(task, labels, present, kRows, plan.input(task.weight_input()));
  });
}

void expect_gradients(Task task, const std::vector<LossGradientCase>& cases,
                      const std::vector<float>& labels, const std::vector<float>& present) {
  for (const LossGradientCase& expected : cases) {
    task.label_smoothing = expected.smoothing;
    task.focal_gamma = expected.gamma;
    task.class_weights =
        expected.weighted ? std::vector<double>{0.5, 2, 1.25} : std::vector<double>{};
    const std::vector<double> got = gradient_of(task, labels, present);
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], expected.gradient[i], 2e-7)
          << "smoothing " << expected.smoothing << ", gamma " << expected.gamma << ", element "
          << i;
    }
  }
}

// Of the labels in pairs, by way of the second loss.
std::vector<double> mixed_gradient(const Task& task, const std::vector<float>& labels,
                                   const std::vector<float>& present,
                                   const std::vector<int>& partners,
                                   const std::vector<float>& shares) {
  return gradient_with(task, true, [&](Plan& plan) {
    const Task twin = mixed_twin(task);
    std::vector<float> there = present;
    std::ranges::copy(labels, plan.input(task.label_input()).begin());
    mix_labels(task, partners, shares, kRows,
               {.labels = plan.input(task.label_input()),
                .present = there,
                .weights = plan.input(task.weight_input()),
                .other_labels = plan.input(twin.label_input()),
                .other_weights = plan.input(twin.weight_input())});
  });
}

// s L(a) + (1 - s) L(b), row by row: the gradient is that mixture of the two gradients.
void expect_mixture(Task task, const std::vector<float>& labels,
                    const std::vector<float>& present) {
  task.class_weights = {0.5, 2, 1.25};
  task.label_smoothing = 0.1;
  const std::vector<int> partners = {3, 2, 1, 0};
  const std::vector<float> shares = {0.7F, 0.2F, 0.2F, 0.7F};
  const size_t width = labels.size() / kRows;
  std::vector<float> other(labels.size()), both(labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const size_t partner = static_cast<size_t>(partners[i / width]) * width + i % width;
    other[i] = labels[partner];
    both[i] = present[i] * present[partner];
  }
  const std::vector<double> own = gradient_of(task, labels, both);
  const std::vector<double> others = gradient_of(task, other, both);
  const std::vector<double> got = mixed_gradient(task, labels, present, partners, shares);
  for (size_t i = 0; i < got.size(); ++i) {
    const double share = shares[i / kClasses];
    EXPECT_NEAR(got[i], share * own[i] + (1 - share) * others[i], 2e-7) << "element " << i;
  }
}

TEST(TaskLoss, OfMixedPicturesIsTheMixtureOfTheirLosses) {
  expect_mixture({.name = "t", .head = "fc", .classes = kClasses}, {0, 2, 1, 1}, {1, 1, 1, 1});
}

TEST(TaskLoss, OfMixedPicturesLacksLabelsThatEitherLacks) {
  expect_mixture({.name = "t", .head = "fc", .classes = kClasses}, {0, 2, 0, 1}, {1, 1, 0, 1});
  expect_mixture({.name = "t", .head = "fc", .classes = kClasses, .kind = TaskKind::kMultilabel},
                 {0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0}, {1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1});
}

TEST(TaskLoss, OfSoftmaxHasPyTorchsGradient) {
  expect_gradients({.name = "t", .head = "fc", .classes = kClasses},
                   {{0,
                     0,
                     false,
                     {-0.1367341121143958, 0.043867215715638105, 0.09286689639875767,
                      0.03806506646153149, 0.2812649114937798, -0.3193299779553113, 0, 0, 0,
                      0.28126491149377986, -0.3193299779553113, 0.03806506646153149}},
                    {0.1,
                     0,
                     false,
                     {-0.11451188989217355, 0.032756104604527006, 0.08175578528764657,
                      0.026953955350420382, 0.2701538003826687, -0.2971077557330891, 0, 0, 0,
                      0.2701538003826688, -0.2971077557330891, 0.02695395535042039}},
                    {0,
                     2,
                     false,
                     {-0.057939580953192606, 0.018588251730635875, 0.03935132922255673,
                      0.04464602226393976, 0.3298919631023577, -0.37453798536629745, 0, 0, 0,
                      0.32989196310235774, -0.37453798536629745, 0.04464602226393976}},
                    {0,
                     0,
                     true,
                     {-0.0683670560571979, 0.021933607857819053, 0.046433448199378835,
                      0.04758133307691436, 0.35158113936722474, -0.3991624724441391, 0, 0, 0,
                      0.5625298229875597, -0.6386599559106226, 0.07613013292306298}},
                    {0.2,
                     1.5,
                     true,
                     {-0.018556526363111347, 0.0008323325399882916, 0.01772419382312306,
                      0.018072549028351943, 0.37238106045923763, -0.39045360948758956, 0, 0, 0,
                      0.5958096967347803, -0.6247257751801433, 0.028916078445363095}}},
                   {0, 2, 1, 1}, {1, 1, 0, 1});
}

TEST(TaskLoss, OfMultilabelHasPyTorchsGradient) {
  expect_gradients(
      {.name = "t", .head = "fc", .classes = kClasses, .kind = TaskKind::kMultilabel},
      {{0,
        0,
        false,
        {0.10443693980428641, -0.08892276160026494, 0, -0.07142857142857142, 0.12582815399684033,
         0.03842020305285644, 0, 0, 0, -0.006775124739652376, 0, 0.10443693980428641}},
       {0.1,
        0,
        false,
        {0.09729408266142926, -0.08177990445740779, 0, -0.06428571428571428, 0.1186852968539832,
         0.031277345909999296, 0, 0, 0, 0.00036773240320475757, 0, 0.09729408266142926}},
       {0,
        2,
        false,
        {0.1097478175999025, -0.07516454598208329, 0, -0.042612399305712326, 0.15381624720692597,
         0.0075115899967943735, 0, 0, 0, -4.498169235546834e-05, 0, 0.1097478175999025}},
       {0,
        0,
        true,
        {0.10443693980428641, -0.17784552320052988, 0, -0.03571428571428571, 0.12582815399684033,
         0.03842020305285644, 0, 0, 0, -0.003387562369826188, 0, 0.10443693980428641}},
       {0.2,
        1.5,
        true,
        {0.10010880072299401, -0.1428301396701762, 0, -0.020604291268399397, 0.13386322282181612,
         -0.0002760915377802762, 0, 0, 0, 0.0076884756888696655, 0, 0.10010880072299401}}},
      {0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0}, {1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1});
}

}  // namespace
}  // namespace orthrus
