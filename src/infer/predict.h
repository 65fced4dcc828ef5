// Prediction: a model's answers to pictures, without labels.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/loader.h"
#include "infer/inference.h"

namespace orthrus {

// The answers to one picture.
struct Prediction {
  std::string path;                               // as the list has it
  std::vector<std::vector<float>> probabilities;  // one row for each task

  // The most probable class of a task, the lower one between equals.
  [[nodiscard]] int64_t best(size_t task) const;
};

// A list of picture files without labels.
[[nodiscard]] ImageList list_of_files(const std::vector<std::string>& paths);

// Calls `take` for each picture of epoch 0 of `loader`, in the loader's order and as soon as it is
// known; `loader` has the plan's batch size.
void predict(Inference& inference, size_t tasks, Loader& loader,
             const std::function<void(const Prediction&)>& take);

}  // namespace orthrus
