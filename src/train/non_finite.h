// A training whose numbers are no numbers any more: the error that says so, and a file with the
// batch and the parameters it happened with, which `train --replay` computes again, layer by layer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "base/error.h"
#include "data/batch.h"
#include "tensor/tensor.h"

namespace orthrus {

class NonFinite : public Error {
 public:
  explicit NonFinite(Error error) : Error(std::move(error)) {}
};

// What goes on with the training then.
enum class OnNan {
  kStop,
  kRollback,  // back to the last checkpoint, with half the learning rate
};

struct BadStep {
  int epoch = 0;
  int64_t batch = 0;   // of the epoch, from 1
  int64_t update = 0;  // done before
  uint64_t seed = 0;
  NamedTensors parameters;
  Batch data;  // pictures and labels as the plan was fed
};

// All-or-nothing; throws kResource.
void write_bad_step(const std::filesystem::path& path, BadStep step);
// Throws kInput when it cannot be read or is no such file.
[[nodiscard]] BadStep read_bad_step(const std::filesystem::path& path);

}  // namespace orthrus
