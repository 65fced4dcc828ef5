#include "train/soup.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "infer/inference.h"
#include "train/validation.h"

namespace orthrus {
namespace {

// Scores of models of one network.
class Taster {
 public:
  Taster(const SoupRequest& request, const Model& first, Backend& backend,
         const BatchCallback& after_batch)
      : request_(request),
        after_batch_(after_batch),
        inference_(untempered(first), request.batch_size, backend) {}

  // Gives the model its temperatures.
  double score(Model& model) {
    model = untempered(std::move(model));
    inference_.load_parameters(model.parameters);
    const Validation validation = validate(inference_, model.tasks, *request_.validation,
                                           request_.best_by, true, after_batch_);
    if (!validation.score) {
      throw input_error("{} is not defined for the labels of the validation list",
                        request_.best_by.text());
    }
    for (size_t task = 0; task < model.tasks.size(); ++task) {
      model.tasks[task].temperature = validation.temperatures[task];
    }
    return *validation.score;
  }

  // Whether `one` is at least as good as `other`.
  [[nodiscard]] bool no_worse(double one, double other) const {
    return request_.best_by.higher_is_better() ? one >= other : one <= other;
  }

 private:
  static Model untempered(Model model) {
    for (Task& task : model.tasks) task.temperature = 1;
    return model;
  }

  const SoupRequest& request_;
  const BatchCallback& after_batch_;
  Inference inference_;
};

bool same_answers(const Task& one, const Task& other) {
  return one.name == other.name && one.kind == other.kind && one.classes == other.classes &&
         one.class_names == other.class_names;
}

void check_alike(const Model& first, const Model& model) {
  const auto differs = [&](const char* what) {
    return input_error("{}: it has {} than {}", model.origin, what, first.origin)
        .with_hint("a soup is made of trainings of one network that began at the same model");
  };
  if (!std::ranges::equal(first.tasks, model.tasks, same_answers)) throw differs("other tasks");
  if (!(model.graph == first.graph)) throw differs("another network");
  if (!(model.preprocessing == first.preprocessing)) throw differs("another preprocessing");
}

// The mean of `count` models, `mean` being that of the others.
void add_to_mean(const NamedTensors& added, int count, NamedTensors& mean) {
  for (auto& [name, tensor] : mean) {
    Tensor next = tensor.clone();  // tensors share their bytes
    const std::span<const float> values = added.at(name).data();
    for (size_t i = 0; i < values.size(); ++i) {
      next.data()[i] += (values[i] - next.data()[i]) / static_cast<float>(count);
    }
    tensor = std::move(next);
  }
}

}  // namespace

Soup make_soup(const SoupRequest& request, Backend& backend, const BatchCallback& after_batch) {
  if (request.models < 2) throw usage_error("a soup is made of two models or more");
  const Model& first = request.first;
  Taster taster(request, first, backend, after_batch);
  const auto load = [&](int number) { return number == 0 ? first : request.load(number); };
  const auto score_of = [&](Model& model) {
    try {
      return taster.score(model);
    } catch (const Error& error) {
      throw error.kind() == ErrorKind::kInput ? error.within(model.origin) : error;
    }
  };
  Soup soup;
  for (int number = 1; number < request.models; ++number) check_alike(first, load(number));
  std::vector<std::vector<Task>> tasks;  // of each model, with its temperatures
  for (int number = 0; number < request.models; ++number) {
    Model model = load(number);
    soup.ingredients.push_back({.model = number, .score = score_of(model)});
    tasks.push_back(std::move(model.tasks));
  }
  std::ranges::stable_sort(soup.ingredients, [&](const auto& one, const auto& other) {
    return !taster.no_worse(other.score, one.score);
  });
  int taken = 0;
  for (SoupIngredient& ingredient : soup.ingredients) {
    Model next = load(ingredient.model);
    if (taken == 0) {
      next.tasks = tasks[static_cast<size_t>(ingredient.model)];
      ingredient.mixed = ingredient.score;
    } else {
      NamedTensors mean = soup.model.parameters;
      add_to_mean(next.parameters, taken + 1, mean);
      next.parameters = std::move(mean);
      ingredient.mixed = score_of(next);
    }
    ingredient.taken =
        taken == 0 || request.uniform || taster.no_worse(ingredient.mixed, soup.score);
    if (!ingredient.taken) continue;
    ++taken;
    soup.model = std::move(next);
    soup.score = ingredient.mixed;
  }
  return soup;
}

}  // namespace orthrus
