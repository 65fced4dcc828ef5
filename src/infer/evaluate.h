// Evaluation: a model's answers against the labels of a list.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "data/loader.h"
#include "infer/inference.h"
#include "tasks/metrics.h"

namespace orthrus {

// Called after each batch with the number of pictures done so far.
using BatchCallback = std::function<void(int64_t pictures)>;

// The answers to a batch for tasks[task] (N, classes), with its labels and which of them are there
// (LabelReader); valid during the call only.
struct BatchAnswers {
  size_t task = 0;
  std::span<const float> probabilities;
  std::span<const float> labels;
  std::span<const float> present;
  int count = 0;  // rows that count; the rest is fill
};

// Hands every batch of epoch 0 of `loader`, whose batch size is the plan's, to `take`, once for
// each task. Throws kInput for labels that are no classes; what the callbacks throw ends it.
void for_each_answer(Inference& inference, const std::vector<Task>& tasks, Loader& loader,
                     const std::function<void(const BatchAnswers&)>& take,
                     const BatchCallback& after_batch = {});

// Sums of each task over that epoch.
[[nodiscard]] std::vector<MetricSums> evaluate(Inference& inference, const std::vector<Task>& tasks,
                                               Loader& loader,
                                               const BatchCallback& after_batch = {});

}  // namespace orthrus
