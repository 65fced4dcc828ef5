// The best linear heads on given features: multinomial logistic regression, solved for all pictures
// at once with L-BFGS, its regularisation chosen by pictures that are not fitted.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/error.h"
#include "data/batch_source.h"
#include "model/model.h"
#include "train/best_by.h"
#include "train/trained_part.h"

namespace orthrus {

struct ProbeRequest {
  const TrainedPart& part;         // the heads
  const std::vector<Task>& tasks;  // their declared weights and losses count
  const NamedTensors& parameters;  // where the search begins
  BatchSource& train;
  BatchSource* validation;  // null: a fifth of `train` is held back until the penalty is chosen
  BestBy best_by;           // which penalty is the best
  int batch_size = 1;
  // Asked after each pass over the pictures; kInterrupted or kTerminated ends it.
  std::function<std::optional<ErrorKind>()> stop = {};
};

struct ProbeResult {
  NamedTensors parameters;      // of the heads
  double penalty = 0;           // half of it times the weights' squares was added to the mean loss
  double loss = 0;              // with the penalty
  std::optional<double> score;  // in validation; none without a list
  int iterations = 0;           // over all penalties
};

// Why the heads are not linear in their features, or empty.
[[nodiscard]] std::string why_not_linear(const TrainedPart& part);

// Tries penalties from 1 down to 1e-6, each from the solution of the one before, and takes the best
// one: by the validation, or without one by the loss of pictures that are held back, and then
// solves for all pictures; for fewer than 20 it takes 1e-2. Throws kUsage when the heads are not
// linear, and what the sources throw.
[[nodiscard]] ProbeResult fit_linear_heads(const ProbeRequest& request, Backend& backend);

}  // namespace orthrus
