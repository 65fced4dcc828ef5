// Linear probing before fine-tuning (Kumar et al. 2022, arXiv:2202.10054): the heads are trained on
// kept features until they stop improving, so that the first steps of the whole network do not
// spoil its features.
#pragma once

#include "train/observer.h"
#include "train/prepare.h"

namespace orthrus {

// Puts trained heads into the prepared model. Linear ones are solved for (linear_probe.h). Others
// are trained for request.heads_first epochs or until three in a row were no better, and those of
// the best epoch are taken: by the score in validation, without a list for it by the training loss.
// Pictures are not augmented. Throws as cache_features() and Trainer::run() do.
void train_heads_first(PreparedTraining& prepared, Backend& backend, TrainObserver& observer);

// The same by solving alone, for a training of the heads: from its own features. Throws kUsage when
// something else than linear heads is trained.
void solve_heads(PreparedTraining& prepared, Backend& backend, TrainObserver& observer);

}  // namespace orthrus
