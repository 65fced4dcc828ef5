// Evaluation: a model's answers against the labels of a list.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "data/batch_source.h"
#include "infer/inference.h"
#include "tasks/evaluation.h"

namespace orthrus {

// Called after each batch with the number of pictures done so far.
using BatchCallback = std::function<void(int64_t pictures)>;

// The answers of one task to N pictures, with their labels and which of them are there
// (LabelReader).
struct TaskAnswers {
  std::span<const float> probabilities;  // (N, classes)
  std::span<const float> labels;         // (N, label_width)
  std::span<const float> present;
};

// Those of all tasks to one batch; valid during the call only.
struct BatchAnswers {
  int count = 0;                       // rows that count; the rest is fill
  std::span<const int64_t> positions;  // of these rows in the list
  std::vector<TaskAnswers> tasks;
};

// Hands every batch of epoch 0 of `loader`, whose batch size is the plan's and which does not
// shuffle, to `take`. The pictures that took the place of bad ones are left out: they have their
// own turn. Throws kInput for labels that are no classes; what the callbacks throw ends it.
void for_each_batch(Inference& inference, const std::vector<Task>& tasks, BatchSource& loader,
                    const std::function<void(const BatchAnswers&)>& take,
                    const BatchCallback& after_batch = {});

// Adds them to the evaluation of each task.
void add_answers(const BatchAnswers& answers, std::span<TaskEvaluation> evaluations);
[[nodiscard]] std::vector<TaskReport> reports_of(std::span<const TaskEvaluation> evaluations);

// Rows of a batch in list order, of which `before` pictures came before, that are answers to the
// picture whose turn it is.
[[nodiscard]] std::vector<size_t> own_rows(const Batch& batch, size_t before, size_t list_size);

// The evaluation of each task over that epoch.
[[nodiscard]] std::vector<TaskEvaluation> evaluate(Inference& inference,
                                                   const std::vector<Task>& tasks,
                                                   BatchSource& loader,
                                                   const BatchCallback& after_batch = {});

}  // namespace orthrus
