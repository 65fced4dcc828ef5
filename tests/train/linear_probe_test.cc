#include "train/linear_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "train/training.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using testing::golden_loader;
using ::testing::HasSubstr;
using testing::kPictures;
using testing::pixel_model;
using testing::refusal_of;
using testing::TemporaryFolder;
using testing::tiny_model;

TrainedPart heads_on_pixels(const Model& model) {
  TrainedPart part = choose_trained_part(model, {.items = {"heads"}});
  EXPECT_EQ(part.input, "flatten0");
  return part;
}

ProbeResult fit(const Model& model, BatchSource& train, BatchSource* validation, int batch_size) {
  const TrainedPart part = heads_on_pixels(model);
  return fit_linear_heads({.part = part,
                           .tasks = model.tasks,
                           .parameters = model.parameters,
                           .train = train,
                           .validation = validation,
                           .best_by = {},
                           .batch_size = batch_size},
                          *make_ref_backend());
}

// Mean cross-entropy of the two tasks with a penalty, in double, and its gradient's largest
// element, by plain loops.
struct PlainLoss {
  double value = 0;
  double largest_gradient = 0;
};
PlainLoss plain_loss(const Model& model, const NamedTensors& heads, double penalty) {
  LoaderOptions loading;
  loading.batch_size = 1;
  const auto loader = golden_loader("train.lst", model.preprocessing, loading);
  Batch batch;
  PlainLoss loss;
  std::map<std::string, std::vector<double>> gradients;
  double pictures = 0;
  while (loader->next(batch)) {
    ++pictures;
    const auto x = batch.images.data();
    for (const Task& task : model.tasks) {
      const auto weight = heads.at(task.head + "_weight").data();
      const auto bias = heads.at(task.head + "_bias").data();
      auto& gradient = gradients[task.head];
      gradient.resize(weight.size());
      std::vector<double> logits(bias.begin(), bias.end());
      double total = 0;
      for (size_t c = 0; c < logits.size(); ++c) {
        for (size_t i = 0; i < x.size(); ++i) logits[c] += weight[c * x.size() + i] * double{x[i]};
        total += std::exp(logits[c]);
      }
      const float first = batch.labels.data()[0];
      const auto label = static_cast<size_t>(task.rule == LabelRule::kPositive ? first > 0 : first);
      loss.value += std::log(total) - logits[label];
      for (size_t c = 0; c < logits.size(); ++c) {
        const double g = std::exp(logits[c]) / total - (c == label ? 1 : 0);
        for (size_t i = 0; i < x.size(); ++i) gradient[c * x.size() + i] += g * x[i];
      }
    }
  }
  loss.value /= pictures;
  for (const auto& [head, gradient] : gradients) {
    const auto weight = heads.at(head + "_weight").data();
    for (size_t i = 0; i < gradient.size(); ++i) {
      loss.value += penalty / 2 * weight[i] * weight[i];
      loss.largest_gradient =
          std::max(loss.largest_gradient, std::abs(gradient[i] / pictures + penalty * weight[i]));
    }
  }
  return loss;
}

TEST(LinearProbe, EndsWhereThePlainGradientVanishes) {
  const Model model = pixel_model();
  LoaderOptions loading;
  loading.batch_size = 5;
  const auto loader = golden_loader("train.lst", model.preprocessing, loading);
  const ProbeResult result = fit(model, *loader, nullptr, loading.batch_size);
  EXPECT_EQ(result.penalty, 1e-2) << "16 pictures are too few to hold some back";
  EXPECT_GT(result.iterations, 3);
  const PlainLoss start = plain_loss(model, model.parameters, result.penalty);
  const PlainLoss end = plain_loss(model, result.parameters, result.penalty);
  EXPECT_NEAR(start.value, std::log(4) + std::log(2), 1e-6);
  EXPECT_NEAR(end.value, result.loss, 1e-4);
  EXPECT_LT(end.value, 0.1);
  EXPECT_LT(end.largest_gradient, 0.02 * start.largest_gradient);
}

TEST(LinearProbe, ChoosesThePenaltyByTheValidation) {
  const Model model = pixel_model();
  LoaderOptions loading;
  loading.batch_size = 5;
  const auto train = golden_loader("train.lst", model.preprocessing, loading);
  const auto validation = golden_loader("val.lst", model.preprocessing, loading);
  const ProbeResult result = fit(model, *train, validation.get(), loading.batch_size);
  ASSERT_TRUE(result.score);
  EXPECT_GT(*result.score, 0);
  EXPECT_LE(*result.score, 1);
  EXPECT_EQ(result.parameters.size(), 4U);
}

// Each picture of the golden list twice, its second label moved on by `shift`.
ProbeResult fit_to_pairs(int shift) {
  const TemporaryFolder folder;
  std::string text;
  for (int copy = 0; copy < 2; ++copy) {
    for (const ListEntry& entry : read_list(kPictures / "train.lst").entries) {
      const int label = (static_cast<int>(entry.labels[0]) + copy * shift) % 4;
      text += fmt::format("{}\t{}\t{}\n", entry.index, label, entry.path);
    }
  }
  write_file(folder.path() / "pairs.lst", text);
  const Model model = pixel_model();
  LoaderOptions loading;
  loading.batch_size = 8;
  const auto train = golden_loader(folder.path() / "pairs.lst", model.preprocessing, loading);
  return fit(model, *train, nullptr, loading.batch_size);
}

TEST(LinearProbe, ChoosesThePenaltyByWhatItHoldsBack) {
  const ProbeResult agree = fit_to_pairs(0);
  EXPECT_LT(agree.penalty, 1e-2) << "a picture that is held back has a twin that is not";
  EXPECT_FALSE(agree.score);
  EXPECT_GT(fit_to_pairs(1).penalty, 10 * agree.penalty) << "twins contradict each other";
}

TEST(LinearProbe, RefusesHeadsThatAreNotLinear) {
  const Model model = tiny_model();  // a dropout stands before its heads
  const TrainedPart part = choose_trained_part(model, {.items = {"heads"}});
  EXPECT_THAT(why_not_linear(part), HasSubstr("'drop' (Dropout) stands between"));
  EXPECT_EQ(why_not_linear(heads_on_pixels(pixel_model())), "");
  const auto loader = golden_loader("train.lst", model.preprocessing, {});
  const auto backend = make_ref_backend();
  EXPECT_THAT(refusal_of([&] {
                (void)fit_linear_heads({.part = part,
                                        .tasks = model.tasks,
                                        .parameters = model.parameters,
                                        .train = *loader,
                                        .validation = nullptr,
                                        .best_by = {}},
                                       *backend);
              }),
              AllOf(HasSubstr("the heads are not linear"), HasSubstr("--solver sgd")));
}

}  // namespace
}  // namespace orthrus
