// Evaluation: a model's answers against the labels of a list.
#pragma once

#include <functional>
#include <vector>

#include "data/loader.h"
#include "infer/inference.h"
#include "tasks/metrics.h"

namespace orthrus {

// Called after each batch with the number of pictures done so far.
using BatchCallback = std::function<void(int64_t pictures)>;

// Sums of each task over epoch 0 of `loader`, whose batch size is the plan's. Throws kInput for
// labels that are no classes; what the callback throws ends the evaluation.
[[nodiscard]] std::vector<MetricSums> evaluate(Inference& inference, const std::vector<Task>& tasks,
                                               Loader& loader,
                                               const BatchCallback& after_batch = {});

}  // namespace orthrus
