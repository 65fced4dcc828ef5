#include "train/soup.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/networks.h"

namespace orthrus {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::golden_loader;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::tiny_model;

// Answers the first task with `first` and the second with `second`, whatever the picture; the logit
// is `by` over those of the other classes. Of ten labels in val.lst seven are 1, two 2, one is 3.
Model constant_model(int first, int second, float by = 1) {
  Model model = tiny_model();
  for (size_t task = 0; task < model.tasks.size(); ++task) {
    const std::string& head = model.tasks[task].head;
    const int answer = task == 0 ? first : second;
    Tensor& weight = model.parameters.at(head + "_weight");
    weight = Tensor::zeros(weight.shape());
    Tensor& bias = model.parameters.at(head + "_bias");
    bias = Tensor::zeros(bias.shape());
    bias.data()[static_cast<size_t>(answer)] = by;
  }
  return model;
}

Soup soup_of(const std::vector<Model>& models, const std::string& best_by = "accuracy",
             bool uniform = false) {
  LoaderOptions loading;
  loading.batch_size = 4;
  const auto loader = golden_loader("val.lst", tiny_model().preprocessing, loading);
  const auto backend = make_ref_backend();
  const auto load = [&](int number) {
    Model model = models[static_cast<size_t>(number)];
    model.origin = fmt::format("model {}", number);
    return model;
  };
  return make_soup({.models = static_cast<int>(models.size()),
                    .first = load(0),
                    .load = load,
                    .validation = loader.get(),
                    .batch_size = loading.batch_size,
                    .best_by = BestBy(best_by, ""),
                    .uniform = uniform},
                   *backend);
}

std::vector<int> order(const Soup& soup) {
  std::vector<int> numbers;
  for (const SoupIngredient& ingredient : soup.ingredients) numbers.push_back(ingredient.model);
  return numbers;
}

std::vector<bool> taken(const Soup& soup) {
  std::vector<bool> all;
  for (const SoupIngredient& ingredient : soup.ingredients) all.push_back(ingredient.taken);
  return all;
}

TEST(Soup, IsTheMeanOfAllThatItTakesStatisticsIncluded) {
  std::vector<Model> models(3, constant_model(1, 1));
  for (int number = 0; number < 3; ++number) {
    for (auto& [name, tensor] : models[static_cast<size_t>(number)].parameters) {
      if (!name.starts_with("bn_")) continue;
      tensor = Tensor::filled(tensor.shape(), static_cast<float>(1 + 2 * number * number));
    }
  }
  const Soup soup = soup_of(models, "accuracy", true);
  EXPECT_THAT(taken(soup), ElementsAre(true, true, true));
  for (const auto& [name, tensor] : soup.model.parameters) {
    const NamedTensors& original = models[0].parameters;
    for (size_t i = 0; i < tensor.data().size(); ++i) {
      const float mean = name.starts_with("bn_") ? 13.0F / 3 : original.at(name).data()[i];
      EXPECT_FLOAT_EQ(tensor.data()[i], mean) << name;
    }
  }
  for (const auto& [name, tensor] : models[1].parameters) {
    if (name.starts_with("bn_")) {
      EXPECT_EQ(tensor.data()[0], 3) << "an ingredient was changed";
    }
  }
}

TEST(Soup, BeginsWithTheBestAndLeavesOutWhatMakesItWorse) {
  // The wrong one is the surest.
  const Soup soup =
      soup_of({constant_model(3, 0, 5), constant_model(1, 1), constant_model(1, 1, 2)});
  EXPECT_THAT(order(soup), ElementsAre(1, 2, 0)) << "ties in the order of the models";
  EXPECT_THAT(taken(soup), ElementsAre(true, true, false));
  EXPECT_LT(soup.ingredients[2].mixed, soup.score);
  EXPECT_LT(soup.ingredients[2].score, soup.ingredients[0].score);
  EXPECT_EQ(soup.score, soup.ingredients[0].score);
  const std::string bias = soup.model.tasks[0].head + "_bias";
  EXPECT_EQ(soup.model.parameters.at(bias).data()[1], 1.5F);
  EXPECT_EQ(soup.model.parameters.at(bias).data()[3], 0);
}

TEST(Soup, TakesAllWhateverTheValidationSaysIfUniform) {
  const Soup soup = soup_of({constant_model(3, 0, 5), constant_model(1, 1)}, "accuracy", true);
  EXPECT_THAT(taken(soup), ElementsAre(true, true));
  EXPECT_LT(soup.score, soup.ingredients[0].score);
}

TEST(Soup, CanBeBetterThanEachOfItsModels) {
  // Each is right in one task and sure of it, wrong in the other and hardly so.
  Model kind = constant_model(1, 0, 4);
  kind.parameters.at(kind.tasks[1].head + "_bias").data()[0] = 1;
  Model positive = constant_model(3, 1, 4);
  positive.parameters.at(positive.tasks[0].head + "_bias").data()[3] = 1;
  const Soup soup = soup_of({kind, positive});
  EXPECT_THAT(taken(soup), ElementsAre(true, true));
  EXPECT_GT(soup.score, soup.ingredients[0].score);
  EXPECT_EQ(soup.score, soup.ingredients[1].mixed);
}

TEST(Soup, FollowsFiguresOfWhichLessIsBetter) {
  const Soup soup = soup_of({constant_model(3, 0, 5), constant_model(1, 1)}, "loss");
  EXPECT_THAT(order(soup), ElementsAre(1, 0));
  EXPECT_THAT(taken(soup), ElementsAre(true, false));
  EXPECT_GT(soup.ingredients[1].mixed, soup.score);
}

TEST(Soup, GetsTemperaturesOfItsOwn) {
  std::vector<Model> models(2, constant_model(1, 1, 9));
  for (Model& model : models) {
    for (Task& task : model.tasks) task.temperature = 7;
  }
  const Soup soup = soup_of(models);
  EXPECT_GT(soup.model.tasks[0].temperature, 1) << "too sure of itself";
  EXPECT_LT(soup.model.tasks[0].temperature, 7);
  EXPECT_LE(soup.model.tasks[1].temperature, 1) << "never wrong";
}

TEST(Soup, RefusesWhatCannotBeMixed) {
  const Model model = constant_model(1, 1);
  EXPECT_THAT(refusal_of([&] { (void)soup_of({model}); }), HasSubstr("two models or more"));
  Model other = model;
  other.tasks[0].name = "colour";
  EXPECT_THAT(refusal_of([&] {
                (void)soup_of({model, other});
              }),
              HasSubstr("model 1: it has other tasks than model 0"));
  other = model;
  other.preprocessing.mean[0] = 3;
  EXPECT_THAT(refusal_of([&] {
                (void)soup_of({model, other});
              }),
              HasSubstr("model 1: it has another preprocessing than model 0"));
  other = model;
  other.graph = testing::tiny_backbone();
  EXPECT_THAT(refusal_of([&] {
                (void)soup_of({model, other});
              }),
              AllOf(HasSubstr("model 1: it has another network than model 0"),
                    HasSubstr("began at the same model")));
  other = model;
  Tensor& bias = other.parameters.at(other.tasks[0].head + "_bias");
  bias = Tensor::filled(bias.shape(), NAN);
  EXPECT_THAT(refusal_of([&] {
                (void)soup_of({model, other});
              }),
              AllOf(HasSubstr("model 1"), HasSubstr("not a finite number")));
}

}  // namespace
}  // namespace orthrus
