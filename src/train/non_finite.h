// A training whose values are no longer finite: the error that says so, and a file with the batch
// and the parameters of the step in which that began, which `train --replay` computes again, layer
// by layer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "tensor/tensor.h"

namespace orthrus {

class NonFinite : public Error {
 public:
  explicit NonFinite(Error error) : Error(std::move(error)) {}
};

// How the training continues then.
enum class OnNan {
  kStop,
  kRollback,  // back to the last checkpoint, or to the start, with half the learning rate
};

// A training step, or a batch of a validation, as it stood before it was computed.
struct BadStep {
  int epoch = 0;
  int64_t batch = 0;    // of the epoch or of the validation, from 1
  int64_t step = 0;     // number of the forward pass: keys what is random about it
  int64_t updates = 0;  // done before
  uint64_t seed = 0;
  double learning_rate = 0;
  std::string what;         // was not finite: "the loss of task 'softmax'"
  bool traced = false;      // this is the step where that began; else where it was noticed
  bool validation = false;  // `parameters` were validated on `data`
  std::vector<double> weighting = {};  // state of the loss weighting
  NamedTensors parameters = {};
  // State of the optimizer; empty where the update is not needed to see it.
  NamedTensors momentum = {}, second_moment = {};
  Batch data = {};  // images and labels as the plan was fed
};

// All-or-nothing; throws kResource.
void write_bad_step(const std::filesystem::path& path, BadStep step);
// Throws kInput when it cannot be read or is no such file.
[[nodiscard]] BadStep read_bad_step(const std::filesystem::path& path);

}  // namespace orthrus
