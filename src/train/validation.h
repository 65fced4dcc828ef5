// Validation: what a list of pictures that are not trained on says of a model.
#pragma once

#include <optional>
#include <vector>

#include "infer/evaluate.h"
#include "train/best_by.h"

namespace orthrus {

struct Validation {
  std::vector<MetricSums> sums;      // by task
  std::vector<double> temperatures;  // by task: tasks/calibration.h; 1 where that was not asked for
  std::optional<double> score;       // by `best_by`
};

// `inference` has the temperature 1 for each of `tasks`. Throws what for_each_batch() throws, and
// NonFinite for a prediction that is not finite.
[[nodiscard]] Validation validate(Inference& inference, const std::vector<Task>& tasks,
                                  BatchSource& pictures, const BestBy& best_by, bool calibrate,
                                  const BatchCallback& after_batch = {});

}  // namespace orthrus
