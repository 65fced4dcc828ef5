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
  size_t position = 0;                            // in the list
  std::vector<std::vector<float>> probabilities;  // one row for each task
  std::vector<int64_t> answers;                   // of each task: its most probable class
  std::span<const float> features;  // where the inference keeps them; valid during the call only
};

// A list of picture files without labels. A folder stands for all pictures below it; throws kInput
// when there is none.
[[nodiscard]] ImageList list_of_files(const std::vector<std::string>& paths);

// Calls `take` for each picture of epoch 0 of `loader`, which has the plan's batch size and does
// not shuffle, in that order and as soon as it is known; bad pictures that are skipped have no
// answer. Throws kInput when an answer is not finite.
void predict(Inference& inference, const std::vector<Task>& tasks, Loader& loader,
             const std::function<void(Prediction&)>& take);

}  // namespace orthrus
